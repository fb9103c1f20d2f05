import type { Failure, FailureCode, Retry } from './failure.ts';

type Verdict = {
  readonly code: FailureCode;
  readonly because: string;
  readonly remedy: string;
  readonly retry: Retry;
};

const full: Verdict = {
  code: 'out-of-space',
  because: 'the disk is full',
  remedy: 'Free some space on that file system, then try again.',
  retry: 'after-fix',
};

const refused: Verdict = {
  code: 'denied',
  because: 'this user may not',
  remedy: 'Give this user access to that path, or run as a user who has it.',
  retry: 'after-fix',
};

const shape: Verdict = {
  code: 'conflict',
  because: 'a folder stands where a file is wanted, or a file where a folder is wanted',
  remedy: 'Move what stands in the way aside, then try again.',
  retry: 'after-fix',
};

const badName: Verdict = {
  code: 'invalid-input',
  because: 'the name is longer than the file system takes, or cannot be a name there',
  remedy: 'Choose another name.',
  retry: 'never',
};

const broken: Verdict = {
  code: 'damaged',
  because: 'the device reports an input or output error',
  remedy: 'Look at the kernel log and use another disk.',
  retry: 'after-fix',
};

/** By the number that the kernel gives (errno(3)), never by its words. */
const verdicts: Readonly<Record<string, Verdict>> = {
  ENOSPC: full,
  EDQUOT: { ...full, because: "this user's quota is used up" },
  EFBIG: { ...full, because: 'the file system does not take files of that size' },
  EACCES: refused,
  EPERM: refused,
  EROFS: { ...refused, because: 'the file system is mounted read-only' },
  ENOENT: {
    code: 'not-found',
    because: 'there is no such file or folder',
    remedy: 'Check the path.',
    retry: 'after-fix',
  },
  EISDIR: shape,
  ENOTDIR: shape,
  EEXIST: { ...shape, because: 'it is there already' },
  ENOTEMPTY: { ...shape, because: 'the folder is not empty' },
  ENAMETOOLONG: badName,
  EINVAL: badName,
  ERR_INVALID_ARG_VALUE: badName,
  ELOOP: { ...shape, because: 'a symbolic link leads back to itself' },
  EIO: broken,
  ESTALE: { ...broken, because: 'the network file system has lost this file' },
};

export function errorCode(error: unknown): string | undefined {
  if (error === null || typeof error !== 'object' || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** @param doing what cannot be done, with the path in it: "write /srv/dumps/14.dump". */
export function describeFileFailure(request: { readonly doing: string; readonly error: unknown }): Failure {
  const { doing, error } = request;
  const code = errorCode(error);
  const verdict = (code === undefined ? undefined : verdicts[code]) ?? {
    code: 'command-failed' as const,
    because: code === undefined ? 'the system refuses' : `the system answers ${code}`,
    remedy: 'Look at the detail, mend the cause, then try again.',
    retry: 'after-fix' as const,
  };
  return {
    code: verdict.code,
    message: `Cannot ${doing}: ${verdict.because}.`,
    remedy: verdict.remedy,
    retry: verdict.retry,
    detail: error instanceof Error ? error.message : String(error),
  };
}
