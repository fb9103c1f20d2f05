import { type Failure, failureMeaning, type Meaning, type Outcome } from '../../base/failure.ts';
import type { Secret } from '../../base/secret.ts';
import type { ProcessRequest, ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';

export type RcloneConfig = {
  /** As rclone writes it: remote:path. */
  readonly remote: string;
  /** rclone.conf; rclone's own place when left out. */
  readonly configFile?: string | undefined;
  /** Of an encrypted rclone.conf. */
  readonly configPassword?: Secret | undefined;
};

export type RcloneCall = (
  request: Pick<ProcessRequest, 'args' | 'inputFrom' | 'outputTo' | 'onLine' | 'signal'>,
) => Promise<Outcome<ProcessResult>>;

/** Retries with pauses in between count as life as long as rclone speaks; silence beyond its own limits does not. */
const stallMs = 300_000;

const usual = [
  ...['--retries', '1', '--contimeout', '15s', '--timeout', '60s', '--use-mmap'],
  // Without a terminal a missing password must fail, not wait.
  '--ask-password=false',
];

/** A transfer that breaks off only rclone can take up again where it was; all other calls `withRetries` makes anew. */
const transfers: readonly string[] = ['cat', 'rcat', 'moveto'];

export function createRcloneCall(config: RcloneConfig, processes: ProcessRunner): RcloneCall {
  const env = {
    ...proxyVariables(),
    ...(config.configFile === undefined ? {} : { RCLONE_CONFIG: config.configFile }),
    ...(config.configPassword === undefined ? {} : { RCLONE_CONFIG_PASS: config.configPassword.reveal() }),
  };
  return (request) => {
    const [verb = '', ...args] = request.args;
    const again = ['--low-level-retries', transfers.includes(verb) ? '3' : '1'];
    return processes.run({
      ...request,
      program: 'rclone',
      args: [verb, ...usual, ...again, ...args],
      env,
      stallMs,
    });
  };
}

/** rclone reaches the world as we do; no other program is told, since the address of a proxy may hold a password. */
function proxyVariables(): Readonly<Record<string, string>> {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
  const given = names.map((name) => [name, process.env[name] ?? ''] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== ''));
}

/** The path of a key below the remote: `remote:` takes it as it is, `remote:folder` wants a slash. */
export function pathOf({ remote }: RcloneConfig, key: string): string {
  if (key === '') return remote;
  return remote.endsWith(':') || remote.endsWith('/') ? `${remote}${key}` : `${remote}/${key}`;
}

export const exitStatus = { folderMissing: 3, fileMissing: 4 } as const;

/** https://rclone.org/docs/#exit-code */
const meanings: Readonly<Record<number, Meaning>> = {
  1: [
    'invalid-input',
    'rclone does not take the call, or does not know the remote',
    'Check the remote in the runbook against `rclone listremotes`, and the configuration file.',
    'after-fix',
  ],
  3: ['not-found', 'there is no such folder', 'Check the remote and the path in the runbook.', 'after-fix'],
  4: ['not-found', 'there is no such object', 'List the store again and choose what is there.', 'after-fix'],
  5: ['unreachable', 'the remote fails for the moment', 'Try again.', 'safe'],
  7: ['denied', 'the remote refuses for good', 'Look at the account of the remote.', 'after-fix'],
};

const otherwise: Meaning = [
  'command-failed',
  'rclone fails',
  'Read its last lines, mend what they say, then try again.',
  'after-fix',
];

export function rcloneFailure(doing: string, result: ProcessResult): Failure {
  const [code, because, remedy, retry] = meanings[result.exitCode] ?? otherwise;
  return failureMeaning({
    doing,
    meaning: [code, `${because} (exit status ${result.exitCode})`, remedy, retry],
    detail: result.stderr.trim().split('\n').slice(-6).join('\n'),
  });
}

/** The runner's own failures name the program; what could not be done is more use to the reader. */
export function runFailure(doing: string, failure: Failure): Failure {
  if (failure.code === 'tool-missing') {
    return {
      ...failure,
      message: `Cannot ${doing}: the program rclone is not installed on this host.`,
    };
  }
  return { ...failure, message: `Cannot ${doing}: ${failure.message}` };
}
