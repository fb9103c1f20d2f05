import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgresCluster, stopPostgresCluster } from '../../../src/sandbox/postgres-cluster.ts';
import { serverAccount } from '../../../src/sandbox/postgres-install.ts';
import { makeClusterFolder } from '../../parts/cluster-folder.ts';

export type TestCluster = {
  readonly folder: string;
  readonly url: string;
  readonly port: number;
  readonly binFolder: string;
  /** The superuser's URL with another database, and another user where one is given. */
  urlOf(database: string, user?: { readonly name: string; readonly password: string }): string;
  /** Runs statements as the superuser; the last result's rows, every value as text. */
  sql(database: string, ...statements: readonly string[]): Promise<readonly Record<string, string | null>[]>;
  /** A client that stays connected, as an application would. */
  connect(url: string): Promise<pg.Client>;
  /** As an administrator does it: every client is cut off, and later it comes back at the same port. */
  control(action: 'stop' | 'start'): Promise<void>;
  remove(): Promise<void>;
};

/** A fresh server for one test file. */
export async function startTestCluster(
  given: { readonly settings?: Record<string, string> } = {},
): Promise<TestCluster> {
  const parent = makeClusterFolder();
  const folder = join(parent, 'cluster');
  const cluster = await startPostgresCluster({ folder, settings: { fsync: 'off', ...given.settings } });
  const clients: pg.Client[] = [];
  const urlOf: TestCluster['urlOf'] = (database, user) => {
    const url = new URL(cluster.url);
    url.pathname = `/${encodeURIComponent(database)}`;
    if (user !== undefined) {
      url.username = user.name;
      url.password = user.password;
    }
    return url.href;
  };
  const connect = async (url: string) => {
    const client = new pg.Client({ connectionString: url, application_name: 'crm web' });
    client.on('error', () => {});
    await client.connect();
    clients.push(client);
    return client;
  };
  return {
    folder,
    url: cluster.url,
    port: cluster.port,
    binFolder: cluster.binFolder,
    urlOf,
    connect,
    sql: async (database, ...statements) => {
      const client = new pg.Client({
        connectionString: urlOf(database),
        types: { getTypeParser: () => (value: string) => value },
      });
      await client.connect();
      try {
        let rows: Record<string, string | null>[] = [];
        for (const statement of statements) rows = (await client.query(statement)).rows;
        return rows;
      } finally {
        await client.end();
      }
    },
    control: async (action) => {
      const data = join(folder, 'data');
      const log = `--log=${join(folder, 'started-again.log')}`;
      const options = [`--pgdata=${data}`, '--wait', log, `--options=-p ${cluster.port}`];
      // The server it leaves behind must not keep our own output open.
      execFileSync(join(cluster.binFolder, 'pg_ctl'), [action, ...options], {
        ...(await serverAccount()),
        cwd: '/',
        stdio: 'ignore',
      });
    },
    remove: async () => {
      await Promise.all(clients.map((client) => client.end().catch(() => {})));
      await cluster.stop();
      // One that was started again is no child of ours any more.
      await stopPostgresCluster({ folder });
      rmSync(parent, { recursive: true, force: true });
    },
  };
}
