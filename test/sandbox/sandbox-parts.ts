import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import type { Outcome } from '../../src/base/failure.ts';
import { withConnection } from '../../src/sandbox/crm/database.ts';
import { openSupervisedServices } from '../../src/services/supervisor/supervised-services.ts';

/** What the command line will do, too: hand the control file to the real supervisor. */
export function startServices(controlFile: string): Promise<Outcome<void>> {
  return openSupervisedServices({ controlFile }).start({ names: [], onLine: () => undefined });
}

/** Rows of one column, as text. */
export async function readColumn(databaseUrl: string, sql: string): Promise<readonly string[]> {
  return withConnection(databaseUrl, async (client) => {
    const { rows } = await client.query<{ value: unknown }>(sql);
    return rows.map((row) => String(row.value));
  });
}

export async function readNumber(databaseUrl: string, sql: string): Promise<number> {
  return Number((await readColumn(databaseUrl, sql))[0]);
}

/** Runs a program; a bad exit fails the test with the program's words. */
export function runTool(request: {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Buffer | string;
}): Promise<Buffer> {
  return new Promise((done, failed) => {
    const child = execFile(
      request.program,
      [...request.args],
      { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...request.env } },
      (error, stdout, stderr) => {
        if (error === null) done(stdout);
        else failed(new Error(`${request.program}: ${stderr.toString()}`));
      },
    );
    // pg_restore --list stops reading after the table of contents.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(request.input ?? '');
  });
}

/** Command lines of living processes that hold a text. */
export async function commandLinesWith(text: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(text));
}
