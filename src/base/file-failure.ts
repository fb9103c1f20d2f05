import { type Failure, failureMeaning, findMeaning, type Meaning } from './failure.ts';
import { errorCode, errorWords } from './thrown.ts';

const freeSpace = 'Free some space on that file system, then try again.';
const giveAccess = 'Give this user access to that path, or run as a user who has it.';
const moveAside = 'Move what stands in the way aside, then try again.';

const refused: Meaning = ['denied', 'this user may not', giveAccess, 'after-fix'];
const wrongShape: Meaning = [
  'conflict',
  'a folder stands where a file is wanted, or a file where a folder is wanted',
  moveAside,
  'after-fix',
];
const badName: Meaning = [
  'invalid-input',
  'the name is longer than the file system takes, or cannot be a name there',
  'Choose another name.',
  'never',
];
const otherDisk = 'Look at the kernel log and use another disk.';

/** By the number that the kernel gives (errno(3)), never by its words. */
const meanings: Readonly<Record<string, Meaning>> = {
  ENOSPC: ['out-of-space', 'the disk is full', freeSpace, 'after-fix'],
  EDQUOT: ['out-of-space', "this user's quota is used up", freeSpace, 'after-fix'],
  EFBIG: ['out-of-space', 'the file system does not take files of that size', freeSpace, 'after-fix'],
  EACCES: refused,
  EPERM: refused,
  EROFS: ['denied', 'the file system is mounted read-only', giveAccess, 'after-fix'],
  ENOENT: ['not-found', 'there is no such file or folder', 'Check the path.', 'after-fix'],
  EISDIR: wrongShape,
  ENOTDIR: wrongShape,
  EEXIST: ['conflict', 'it is there already', moveAside, 'after-fix'],
  ENOTEMPTY: ['conflict', 'the folder is not empty', moveAside, 'after-fix'],
  ENAMETOOLONG: badName,
  EINVAL: badName,
  ERR_INVALID_ARG_VALUE: badName,
  ELOOP: ['conflict', 'a symbolic link leads back to itself', moveAside, 'after-fix'],
  /** Of our own: `readWhole` does not read on. */
  ETOOLONG: [
    'invalid-input',
    'it is longer than anything of its kind',
    'Look at what it is, and give the right file.',
    'after-fix',
  ],
  EIO: ['damaged', 'the device reports an input or output error', otherDisk, 'after-fix'],
  ESTALE: ['damaged', 'the network file system has lost this file', otherDisk, 'after-fix'],
};

type What = {
  /** What cannot be done, with the path in it: "write /srv/dumps/14.dump". */
  readonly doing: string;
  readonly error: unknown;
};

/** Where the error is none of the file system, somebody else has to say what it means. */
export function fileFailure({ doing, error }: What): Failure | undefined {
  const code = errorCode(error);
  const isErrno = /^E[A-Z]+$/.test(code ?? '') && findMeaning(meanings, code) !== undefined;
  return isErrno ? describeFileFailure({ doing, error }) : undefined;
}

export function describeFileFailure({ doing, error }: What): Failure {
  const code = errorCode(error);
  const meaning = findMeaning(meanings, code);
  const because = code === undefined ? 'the system refuses' : `the system answers ${code}`;
  return failureMeaning({
    doing,
    meaning: meaning ?? [
      'command-failed',
      because,
      'Look at the detail, mend the cause, then try again.',
      'after-fix',
    ],
    detail: errorWords(error),
  });
}
