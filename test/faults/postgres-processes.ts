import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { serverAccount } from '../../src/sandbox/postgres-install.ts';
import { childrenOf } from '../parts/end-runs.ts';

/** The processes of a PostgreSQL of this host, found through one of its connections. */

type Server = { readonly main: number; readonly dataFolder: string };

async function findServer(superuserUrl: string): Promise<Server> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const { rows } = await client.query(
      "SELECT pg_backend_pid() AS pid, current_setting('data_directory') AS folder",
    );
    const stat = readFileSync(`/proc/${rows[0].pid}/stat`, 'utf8');
    const main = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return { main, dataFolder: rows[0].folder };
  } finally {
    await client.end();
  }
}

/** As an administrator does it: every client is cut off, and the server comes back as it was started. */
export async function restartPostgres(superuserUrl: string): Promise<void> {
  const { main, dataFolder } = await findServer(superuserUrl);
  const control = join(dirname(readlinkSync(`/proc/${main}/exe`)), 'pg_ctl');
  const log = `--log=${join(dataFolder, '..', 'started-again.log')}`;
  // The server it leaves behind must not keep our own output open.
  execFileSync(control, ['restart', `--pgdata=${dataFolder}`, '--wait', '--mode=fast', log], {
    ...(await serverAccount()),
    cwd: '/',
    stdio: 'ignore',
  });
}

/** It answers nobody for so long. Resolves once it stands still. */
export async function freezePostgres(superuserUrl: string, forMs: number): Promise<void> {
  const { main } = await findServer(superuserUrl);
  const pids = [main, ...childrenOf(main)];
  signal(pids, 'SIGSTOP');
  void sleep(forMs).then(() => signal(pids, 'SIGCONT'));
}

function signal(pids: readonly number[], name: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }
}
