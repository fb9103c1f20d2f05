import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { countRows, listDatabases } from '../../parts/count-rows.ts';
import { ensureDocker } from '../../parts/docker.ts';
import { makeLogFolder, type PortNimara, startPortNimara } from '../../parts/port-nimara.ts';
import { backUp, dumpArchive, putDump, zip } from '../../parts/port-nimara-backups.ts';
import { type S3Server, startRgw } from '../../parts/s3-servers.ts';
import { runThaw, type ThawEnd } from '../../parts/thaw.ts';

/** What is wrong with the world in one case, and what the operator must read about it. */
export type Case = {
  readonly wrong: string;
  /** Prepares it; what is returned is how the restore is started then. */
  readonly prepare: (stand: Stand) => Promise<Start> | Start;
  readonly status: number;
  /** Names the thing. */
  readonly says: RegExp;
  /** Says what to do about it. */
  readonly remedy: RegExp;
};

export type Start = {
  /** Undefined takes a value away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly envFile?: string;
  readonly args?: readonly string[];
  readonly after?: () => Promise<unknown>;
};

/** A town in good order, and the ways to spoil one thing of it. */
export type Stand = {
  readonly nimara: PortNimara;
  readonly server: S3Server;
  /** The database as pg_dump and gzip leave it, before it is encrypted. */
  readonly wrapped: Buffer;
  /** The same, too long to be read whole by who only looks at its head; what follows an archive is no part of it. */
  long(): Promise<Buffer>;
  encrypt(content: Buffer): Buffer;
  /** A dump of an hour of its own, so that no case meets another's. */
  otherDump(content: Buffer): Promise<Start>;
  /** A copy of the vault's file with one change. */
  envFile(change: (text: string) => string): Promise<string>;
  restore(start: Start): Promise<ThawEnd>;
  /** All of production that a refused restore must not change. */
  look(): Promise<Look>;
  remove(): Promise<void>;
};

export type Look = {
  readonly databases: readonly string[];
  readonly live: ReadonlyMap<string, string>;
  readonly rows: Readonly<Record<string, number>>;
};

const hourMs = 3_600_000;

export async function startStand(): Promise<Stand> {
  const [docker, server] = await Promise.all([ensureDocker(), startRgw()]);
  const stopServers = () => Promise.all([docker.stop(), server.stop()]);
  try {
    const nimara = await startPortNimara({ server, docker, objects: 20, size: 'tiny' });
    await nimara.untilWritersWrite();
    await backUp(nimara);
    await nimara.live.putFolder(nimara.objectsFolder);
    const wrapped = await zip(await dumpArchive(nimara));
    return {
      ...waysToSpoil(nimara, wrapped),
      nimara,
      server,
      wrapped,
      restore: (start) => restore(nimara, start),
      look: () => look(nimara),
      async remove() {
        await nimara.destroy();
        await stopServers();
      },
    };
  } catch (error) {
    await stopServers();
    throw error;
  }
}

function waysToSpoil(nimara: PortNimara, wrapped: Buffer) {
  let hoursAgo = 0;
  return {
    long: async () => Buffer.concat([wrapped, await zip(randomBytes(4_000_000))]),
    encrypt: (content: Buffer) => nimara.gpg.encryptTo([nimara.key], content),
    async otherDump(content: Buffer): Promise<Start> {
      hoursAgo += 1;
      const { id } = await putDump(nimara, { at: new Date(Date.now() - hoursAgo * hourMs), content });
      return { args: ['--snapshot', id] };
    },
    async envFile(change: (text: string) => string): Promise<string> {
      const path = join(nimara.folder, 'changed.env');
      await writeFile(path, change(await readFile(nimara.envFile, 'utf8')));
      return path;
    },
  };
}

async function restore(nimara: PortNimara, { env = {}, envFile = '.env', args = [] }: Start) {
  const logFolder = await makeLogFolder(nimara);
  const given = Object.entries({ ...nimara.environment, ...env });
  return runThaw({
    args: [
      ...['restore', 'port-nimara-crm', '--plain', '--log-dir', logFolder, '--env-file', envFile],
      ...['--yes', '--confirm', 'port_nimara_crm', '--snapshot', 'latest'],
      ...args,
    ],
    env: Object.fromEntries(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    cwd: nimara.folder,
  });
}

async function look(nimara: PortNimara): Promise<Look> {
  const [databases, live, rows] = await Promise.all([
    listDatabases(nimara.production.url),
    nimara.live.digests(),
    countRows(nimara.databaseUrl),
  ]);
  return { databases, live, rows };
}
