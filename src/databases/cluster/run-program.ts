import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';
import { findServerAccount, runAsServer, type ServerAccount } from './server-account.ts';

export type Run = (
  request: Parameters<ProcessRunner['run']>[0] & { readonly remedy: string },
) => Promise<Outcome<ProcessResult>>;

/** Runs a program as the server's user; any exit status but 0 is a failure. */
export function runner(processes: ProcessRunner): Run {
  return async (request) => {
    const account = await findServerAccount();
    if (!account.ok) return account;
    const { remedy, ...rest } = request;
    const ran = await runAsServer(processes, { account: account.value, ...rest });
    return ran.ok && ran.value.exitCode !== 0
      ? fail(commandFailed({ ...request, remedy, result: ran.value }))
      : ran;
  };
}

export function commandFailed(call: {
  readonly program: string;
  readonly result: ProcessResult;
  readonly remedy: string;
}) {
  const name = call.program.slice(call.program.lastIndexOf('/') + 1);
  return {
    code: 'command-failed',
    message: `${name} ended with status ${call.result.exitCode}.`,
    remedy: call.remedy,
    retry: 'after-fix',
    detail: `${call.result.stdout}\n${call.result.stderr}`.trim().split('\n').slice(-12).join('\n'),
  } as const;
}

/** Says nothing while it goes through all of a cluster's files. */
const handingStallMs = 600_000;

/** Folders and all that is in them belong to that user from now on. */
export async function giveTo(
  account: ServerAccount,
  { processes, folders }: { readonly processes: ProcessRunner; readonly folders: readonly string[] },
): Promise<Outcome<void>> {
  const args = ['--recursive', '--no-dereference', `${account.uid}:${account.gid}`, ...folders];
  const ran = await processes.run({ program: 'chown', args, stallMs: handingStallMs });
  if (!ran.ok || ran.value.exitCode === 0) return ran.ok ? succeed(undefined) : ran;
  const remedy = 'Run thaw as a user who may give files away, or as the one the server runs as.';
  return fail(commandFailed({ program: 'chown', remedy, result: ran.value }));
}
