import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { expect } from 'vitest';
import { withConnection } from '../../../src/sandbox/crm/database.ts';
import type { OldBackup } from '../../../src/sandbox/old-backup.ts';
import { countRows, listDatabases, type RowCounts } from '../../parts/count-rows.ts';
import { ensureDocker, type RunningDocker } from '../../parts/docker.ts';
import { confirmed, unconfirmed } from '../../parts/lost-production.ts';
import { makeLogFolder, type PortNimara, readCrmRunbook, startPortNimara } from '../../parts/port-nimara.ts';
import { backUp, putManifest } from '../../parts/port-nimara-backups.ts';
import { readEntries, readRecord } from '../../parts/run-log.ts';
import { type S3Server, startRgw } from '../../parts/s3-servers.ts';
import { type SlowProxy, startSlowProxy } from '../../parts/slow-proxy.ts';
import { type RunningThaw, runThaw, startThaw, type ThawEnd, type ThawRequest } from '../../parts/thaw.ts';

/** A lost production that can be restored, killed, resumed and lost again, with a line to the backups that can be slow. */
export type Stand = {
  readonly nimara: PortNimara;
  readonly line: SlowProxy;
  readonly backup: OldBackup;
  readonly runbook: string;
  readonly environment: Readonly<Record<string, string>>;
  newLogFolder(): Promise<string>;
  /** What a command is started with. */
  request(command: Command): ThawRequest;
  start(command: Command): RunningThaw;
  run(command: Command): Promise<ThawEnd>;
  argsOf(command: Command): readonly string[];
  /** What a finished run comes to, looked at without thaw wherever that can be. */
  outcome(logFolder: string): Promise<Outcome>;
  /** Keeps pg_restore waiting in the middle of its work, as soon as there is an incoming database. */
  holdRestore(): Promise<Hold>;
  /** Whatever a test left running or held ends. */
  calm(): Promise<void>;
  /** Back to the loss: the ruined database, an empty bucket, writers that write. */
  loseAgain(logFolder: string): Promise<void>;
  /** The second half of it, for whoever rolled back himself. */
  clearAway(): Promise<void>;
  remove(): Promise<void>;
};

export type Command = {
  readonly logFolder: string;
  /** `restore RUNBOOK` when left out. */
  readonly action?: readonly string[];
  readonly confirm?: boolean;
  /** Past the slow line. */
  readonly direct?: boolean;
};

export type Hold = {
  /** Lets pg_restore go on; the connection stays. */
  unlock(): Promise<void>;
  release(): Promise<void>;
};

export type Outcome = {
  readonly rows: RowCounts;
  /** SHA-256 by key. */
  readonly objects: ReadonlyMap<string, string>;
  readonly verdict: string;
  readonly steps: readonly string[];
  readonly cleanUp: readonly string[];
  /** With the run's own mark left out. */
  readonly databases: readonly string[];
  readonly swapsDone: number;
};

/** Enough to be caught in the middle of on a slow line, and no more: each is copied in every walk. */
export const objectCount = 90;

/** Its services are processes, where what is killed is thaw and not Docker; or containers, where Docker Compose is part of the walk. */
export async function startStand(kind: 'process' | 'compose' = 'process'): Promise<Stand> {
  const docker = kind === 'compose' ? await ensureDocker() : undefined;
  const server = await startRgw();
  try {
    return await furnish(server, docker);
  } catch (error) {
    await server.stop();
    await docker?.stop();
    throw error;
  }
}

async function furnish(server: S3Server, docker: RunningDocker | undefined): Promise<Stand> {
  const nimara = await startPortNimara({ server, docker, objects: objectCount, size: 'tiny' });
  await fillDump(nimara.databaseUrl);
  const line = await startSlowProxy({ targetPort: server.port });
  await nimara.untilWritersWrite();
  const backup = await backUp(nimara);
  await putManifest(nimara, backup);
  await ruin(nimara);
  const runbook = join(nimara.folder, 'port-nimara-crm.yaml');
  await writeFile(runbook, await readCrmRunbook(docker === undefined ? 'process' : 'compose'));
  const started: RunningThaw[] = [];
  const holds: Hold[] = [];
  const env = {
    ...nimara.environment,
    BACKUP_S3_ENDPOINT: line.endpoint,
    COMPOSE_FILE_PATH: nimara.writers.composeFile ?? join(nimara.folder, 'services.json'),
    CRM_URL: nimara.crmUrl,
  };
  const argsOf = ({ logFolder, action = ['restore', runbook], confirm = true }: Command) => [
    ...action,
    ...['--plain', '--env-file', '.env', '--log-dir', logFolder],
    ...answersTo(action, confirm),
  ];
  const request = (command: Command) => ({
    args: argsOf(command),
    env: command.direct === true ? { ...env, BACKUP_S3_ENDPOINT: server.endpoint } : env,
    cwd: nimara.folder,
  });
  return {
    nimara,
    line,
    backup,
    runbook,
    environment: env,
    newLogFolder: () => makeLogFolder(nimara),
    argsOf,
    request,
    start: (command) => {
      const thaw = startThaw(request(command));
      started.push(thaw);
      return thaw;
    },
    async calm() {
      line.limit(undefined);
      for (const thaw of started.splice(0)) {
        thaw.kill('SIGKILL');
        await thaw.ended;
      }
      for (const hold of holds.splice(0)) await hold.release();
    },
    run: (command) => runThaw(request(command)),
    outcome: (logFolder) => outcomeOf(nimara, logFolder),
    holdRestore: async () => {
      const hold = await holdRestore(nimara.production.url);
      holds.push(hold);
      return hold;
    },
    loseAgain: async (logFolder) => {
      const undone = await runThaw(request({ logFolder, action: ['rollback'] }));
      expect(undone, undone.text).toMatchObject({ status: 0 });
      await clearAway(nimara);
    },
    clearAway: () => clearAway(nimara),
    async remove() {
      await line.close();
      await nimara.destroy();
      await server.stop();
      await docker?.stop();
    },
  };
}

/** What a roll-back leaves beside production, and what was mirrored. */
async function clearAway(nimara: PortNimara): Promise<void> {
  await withConnection(nimara.production.url, async (client) => {
    const { rows } = await client.query(`select datname from pg_database where datname ~ '__undone_'`);
    for (const { datname } of rows) await client.query(`drop database ${datname} with (force)`);
  });
  await nimara.live.remove(await nimara.live.keys());
  await nimara.untilWritersWrite();
}

/** A walk is answered beforehand, a roll-back is told its name, and whoever reads a record is asked nothing. */
function answersTo([command = '']: readonly string[], confirm: boolean): readonly string[] {
  const name = confirm ? confirmed : [];
  if (command === 'restore' || command === 'resume') return [...unconfirmed, ...name];
  return command === 'rollback' ? name : [];
}

/** One setting that no compression makes smaller: a dump that takes its time on a slow line, with few rows to count. */
async function fillDump(databaseUrl: string): Promise<void> {
  await withConnection(databaseUrl, (client) =>
    client.query('insert into system_settings (key, value, encrypted) values ($1, $2, false)', [
      'port.letterhead',
      randomBytes(900_000).toString('base64'),
    ]),
  );
}

/** The writers go on: they write audit logs into whatever is left. */
async function ruin(nimara: PortNimara): Promise<void> {
  await withConnection(nimara.databaseUrl, async (client) => {
    await client.query('drop table receipts cascade');
    await client.query('drop schema reporting cascade');
    await client.query('update system_settings set value = reverse(value)');
  });
}

async function outcomeOf(nimara: PortNimara, logFolder: string): Promise<Outcome> {
  const record = await readRecord(logFolder);
  const entries = await readEntries(logFolder);
  const facts = entries.flatMap((entry) => (entry.kind === 'fact-recorded' ? [entry.name] : []));
  // Writers that a killed attempt brought up write on from then.
  const started = record.steps.find(({ kind }) => kind === 'start-services')?.attempts[0]?.startedAt ?? '';
  return {
    rows: await countRows(nimara.databaseUrl, new Date(started)),
    objects: await nimara.live.digests(),
    verdict: record.result.verdict,
    steps: record.steps.map(({ id, outcome }) => `${id} ${outcome}`),
    cleanUp: record.cleanUp.map(({ verdict, text }) => `${verdict}: ${text}`),
    databases: (await listDatabases(nimara.production.url)).map((name) =>
      name.replace(/ \d+$/, '').replace(/(__[a-z]+_)[0-9a-f]+$/, '$1'),
    ),
    swapsDone: facts.filter((name) => name === 'swapped').length,
  };
}

/** No foreign key can be added while this lock is held: pg_restore has its data in and waits there. */
async function holdRestore(superuserUrl: string): Promise<Hold> {
  const incoming = await untilIncomingDatabase(superuserUrl);
  const client = new pg.Client({ connectionString: superuserUrl.replace(/postgres$/, incoming) });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin; lock table pg_catalog.pg_trigger in exclusive mode');
  return {
    unlock: async () => {
      await client.query('rollback');
    },
    release: () => client.end().catch(() => undefined),
  };
}

function untilIncomingDatabase(superuserUrl: string): Promise<string> {
  return withConnection(superuserUrl, async (client) => {
    for (;;) {
      const { rows } = await client.query(`select datname from pg_database where datname ~ '__restore_'`);
      if (rows.length > 0) return rows[0].datname;
    }
  });
}
