import { fail, type Outcome } from '../../base/failure.ts';
import type { ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';
import { findServerAccount, runAsServer } from './server-account.ts';

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
