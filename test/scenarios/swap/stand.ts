import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestCluster, type TestCluster } from '../../databases/postgres/cluster.ts';
import { shopRunbook } from '../../parts/shop-runbook.ts';
import { type StatementProxy, startStatementProxy } from '../../parts/statement-proxy.ts';
import {
  type RunningThaw,
  runThaw,
  type SaidHere,
  startThaw,
  type ThawRequest,
  thawHere,
} from '../../parts/thaw.ts';

/** Whose URL thaw is given: the role that owns the database and may make others, or a superuser. */
export type Who = 'owner' | 'superuser';

export type Command = {
  readonly logs: string;
  readonly as: Who;
  /** `restore RUNBOOK` when left out. */
  readonly action?: readonly string[];
  /** Names typed beforehand: the database's own when left out. */
  readonly confirm?: readonly string[];
  /** Past the proxy: another operator on another host. */
  readonly direct?: boolean;
  /** A process of its own, beside another one. */
  readonly apart?: boolean;
  readonly env?: Readonly<Record<string, string>>;
};

/** A shop whose database is restored through a proxy that can stop at any statement. */
export type SwapStand = {
  /** Everything it has on this host. */
  readonly folder: string;
  readonly runbook: string;
  readonly cluster: TestCluster;
  readonly proxy: StatementProxy;
  /** What a command is started with. */
  request(command: Command): ThawRequest;
  start(command: Command): RunningThaw;
  run(command: Command): Promise<SaidHere>;
  /** kill -9 just before the statement reaches the server. */
  killBefore(statement: RegExp, command: Command): Promise<void>;
  newLogs(): string;
  /** Databases of the shop by their place, with the marks of the run left out: {shop: 'old', 'shop__restore_': 'restored'}. */
  databases(): Promise<Readonly<Record<string, string>>>;
  /** What is in each of them, however many runs have left one of the same place. */
  contents(): Promise<readonly string[]>;
  nameOf(place: RegExp): Promise<string>;
  oidOf(name: string): Promise<string>;
  isOpen(name: string): Promise<boolean>;
  /** Back to one ruined production. */
  reset(): Promise<void>;
  remove(): Promise<void>;
};

const owner = { name: 'shopkeeper', password: 'sesame' };

export async function startSwapStand(): Promise<SwapStand> {
  const folder = mkdtempSync(join(tmpdir(), 'thaw-swap-'));
  const cluster = await startTestCluster({ settings: { max_prepared_transactions: '4' } });
  const proxy = await startStatementProxy({ targetPort: cluster.port });
  const path = join(folder, 'shop.yaml');
  writeFileSync(path, shopRunbook({ store: join(folder, 'store') }));
  mkdirSync(join(folder, 'store'));
  await cluster.sql('postgres', `CREATE ROLE ${owner.name} LOGIN CREATEDB PASSWORD '${owner.password}'`);
  await makeShop(cluster, 'restored');
  const dump = join(folder, 'store', 'shop-2026-11-19.dump');
  execFileSync(join(cluster.binFolder, 'pg_dump'), ['-Fc', `--file=${dump}`, cluster.urlOf('shop')]);
  let logs = 0;
  const started: RunningThaw[] = [];
  const request = ({ action = ['restore', path], as, confirm = ['shop'], ...command }: Command) => ({
    args: [
      ...[...action, '--plain', '--log-dir', command.logs],
      ...(action[0] === 'restore' || action[0] === 'resume' ? ['--yes', '--snapshot', 'latest'] : []),
      // It may make no roles, so a person accepts what the dump could do with its rights.
      ...(confirm.length === 0 ? [] : [...confirm, `run it as ${owner.name}`]).flatMap((name) => [
        '--confirm',
        name,
      ]),
    ],
    env: {
      ...command.env,
      HOME: folder,
      LIVE: urlFor(cluster, { as, port: command.direct ? cluster.port : proxy.port }),
    },
    cwd: folder,
  });
  const start = (command: Command) => {
    const thaw = startThaw(request(command));
    started.push(thaw);
    return thaw;
  };
  const shops = () =>
    cluster.sql(
      'postgres',
      "SELECT datname AS name, oid, datallowconn AS open FROM pg_database WHERE datname LIKE 'shop%' ORDER BY 1",
    );
  const find = async (name: string) => {
    const found = (await shops()).find((row) => row.name === name);
    if (found === undefined) throw new Error(`There is no ${name}: ${JSON.stringify(await shops())}`);
    return found;
  };
  return {
    folder,
    runbook: path,
    cluster,
    proxy,
    request,
    start,
    run: (command) => (command.apart ? runThaw : thawHere)(request(command)),
    async killBefore(statement, command) {
      const thaw = start(command);
      const killed = proxy.before(statement, async () => {
        thaw.kill('SIGKILL');
        await thaw.ended;
      });
      await Promise.race([
        killed,
        thaw.ended.then(async (end) => {
          if (end.signal !== 'SIGKILL') throw new Error(`It never says ${statement}:\n${end.text}`);
        }),
      ]);
    },
    newLogs: () => {
      logs += 1;
      return join(folder, `logs-${logs}`);
    },
    async databases() {
      const found: Record<string, string> = {};
      for (const { name } of await shops())
        found[(name ?? '').replace(/_[0-9a-f]{6}$/, '_')] = await contentOf(cluster, name ?? '');
      return found;
    },
    async contents() {
      const names = (await shops()).map(({ name }) => name ?? '');
      return Promise.all(names.map((name) => contentOf(cluster, name)));
    },
    async nameOf(place) {
      const found = (await shops()).find(({ name }) => place.test(name ?? ''));
      if (found?.name == null) throw new Error(`There is no ${place}: ${JSON.stringify(await shops())}`);
      return found.name;
    },
    oidOf: async (name) => (await find(name)).oid ?? '',
    isOpen: async (name) => (await find(name)).open === 't',
    async reset() {
      for (const thaw of started.splice(0)) {
        thaw.kill('SIGKILL');
        await thaw.ended;
      }
      await cluster.sql(
        'postgres',
        `ALTER ROLE ${owner.name} RESET ALL`,
        `ALTER ROLE ${owner.name} CONNECTION LIMIT -1`,
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname LIKE 'shop%'",
      );
      await forgetPrepared(cluster);
      for (const { name } of await shops())
        await cluster.sql('postgres', `DROP DATABASE "${name}" WITH (FORCE)`);
      // What one test left there is no matter of the next one.
      for (const { name } of await cluster.sql(
        'postgres',
        "SELECT rolname AS name FROM pg_roles WHERE rolname LIKE 'thaw%'",
      ))
        await cluster.sql('postgres', `DROP OWNED BY "${name}"`, `DROP ROLE "${name}"`);
      await makeShop(cluster, 'old');
    },
    async remove() {
      await proxy.close();
      await cluster.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function urlFor(cluster: TestCluster, to: { readonly as: Who; readonly port: number }): string {
  const url = new URL(to.as === 'owner' ? cluster.urlOf('shop', owner) : cluster.urlOf('shop'));
  url.port = String(to.port);
  // Statements can be read on the way.
  url.searchParams.set('sslmode', 'disable');
  return url.href;
}

async function makeShop(cluster: TestCluster, content: string): Promise<void> {
  await cluster.sql('postgres', `DROP DATABASE IF EXISTS shop`, `CREATE DATABASE shop OWNER ${owner.name}`);
  await cluster.sql(
    'shop',
    `CREATE TABLE orders AS SELECT '${content}'::text AS note FROM generate_series(1, 50)`,
    `ALTER TABLE orders OWNER TO ${owner.name}`,
  );
}

/** Looked at without thaw; a closed door is opened for the look and closed again. */
async function contentOf(cluster: TestCluster, name: string): Promise<string> {
  const quoted = `"${name}"`;
  const [row] = await cluster.sql(
    'postgres',
    `SELECT datallowconn AS open FROM pg_database WHERE datname = '${name}'`,
  );
  const setOpen = (open: boolean) =>
    cluster.sql('postgres', `ALTER DATABASE ${quoted} ALLOW_CONNECTIONS ${open}`);
  if (row?.open !== 't') await setOpen(true);
  const there = await cluster.sql(name, "SELECT FROM pg_tables WHERE tablename = 'orders'");
  const [found] =
    there.length === 0
      ? []
      : await cluster.sql(name, 'SELECT min(note) AS note, count(*) AS rows FROM orders');
  if (row?.open !== 't') await setOpen(false);
  if (found === undefined) return 'nothing';
  return found.rows === '50' ? (found.note ?? '') : `${found.rows} rows of ${found.note}`;
}

async function forgetPrepared(cluster: TestCluster): Promise<void> {
  for (const { gid, database } of await cluster.sql(
    'postgres',
    'SELECT gid, database FROM pg_prepared_xacts',
  )) {
    await cluster.sql('postgres', `ALTER DATABASE "${database}" ALLOW_CONNECTIONS true`);
    await cluster.sql(database ?? '', `ROLLBACK PREPARED '${gid}'`);
  }
}
