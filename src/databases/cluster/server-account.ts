import { readFile } from 'node:fs/promises';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ProcessRequest, ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';

export type ServerAccount = { readonly name: string; readonly uid: number; readonly gid: number };

/** Whom servers run as: undefined is ourselves, wherever we are not root. PostgreSQL refuses to run as root. */
export async function findServerAccount(): Promise<Outcome<ServerAccount | undefined>> {
  if (process.getuid?.() !== 0) return succeed(undefined);
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const fields = lines.find(([name]) => name === 'postgres');
  if (fields !== undefined) {
    return succeed({ name: 'postgres', uid: Number(fields[2]), gid: Number(fields[3]) });
  }
  return fail({
    code: 'tool-missing',
    message: 'There is no user postgres on this host, and PostgreSQL refuses to run as root.',
    remedy:
      'Install the server of PostgreSQL, which makes that user, or run thaw as the user the server shall run as.',
    retry: 'after-fix',
    lacks: { program: 'postgres' },
  });
}

/** Runs a program as that user, in the root folder, where everybody may be. */
export function runAsServer(
  processes: ProcessRunner,
  { account, ...request }: ProcessRequest & { readonly account: ServerAccount | undefined },
): Promise<Outcome<ProcessResult>> {
  if (account === undefined) return processes.run(request);
  const { program, args } = request;
  const as = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--init-groups', '--'];
  return processes.run({ ...request, program: 'setpriv', args: [...as, program, ...args], cwd: '/' });
}
