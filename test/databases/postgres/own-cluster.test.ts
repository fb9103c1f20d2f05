import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { createSecret } from '../../../src/base/secret.ts';
import { openClusterTools } from '../../../src/databases/cluster/open-cluster-tools.ts';
import { openDatabaseServer } from '../../../src/databases/postgres/pg-database-server.ts';
import type { ClusterPlace } from '../../../src/ports/cluster-tools.ts';
import { valueFrom } from '../../contracts/object-store.contract.ts';
import { throwawayClusterContract } from '../../contracts/throwaway-cluster.contract.ts';
import { createFakeClusterTools } from '../../fakes/fake-cluster-tools.ts';

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

function newPlace(): ClusterPlace {
  const parent = mkdtempSync(join(tmpdir(), 'thaw-own-'));
  // The server's own user has to pass through.
  chmodSync(parent, 0o711);
  undo.push(() => rmSync(parent, { recursive: true, force: true }));
  return { folder: join(parent, 'work.cluster'), runId: '2026-11-26T1658Z-crm-drill' };
}

function newTools() {
  return openClusterTools({ processes: createProcessRunner() });
}

throwawayClusterContract({
  name: 'on this host',
  make: async () => {
    const place = newPlace();
    const tools = newTools();
    return {
      tools,
      place,
      occupy: async () => {
        mkdirSync(place.folder);
        writeFileSync(join(place.folder, 'years-of-work'), 'mine');
      },
      dispose: async () => void (await tools.remove(place)),
    };
  },
});

throwawayClusterContract({
  name: 'in memory',
  make: async () => {
    const tools = createFakeClusterTools({
      backups: [],
      major: 15,
      firstSegment: undefined,
      lastSegment: undefined,
    });
    const occupy = async () => {
      tools.place = { kind: 'taken', what: '/srv/crm holds 1 files or folders' };
    };
    return { tools, place: { folder: '/srv/crm', runId: 'run' }, occupy, dispose: async () => {} };
  },
});

describe('a cluster of a drill', () => {
  async function raised() {
    const place = newPlace();
    const tools = newTools();
    undo.push(async () => void (await tools.remove(place)));
    valueFrom(await tools.raise(place));
    const url = tools.url({ place, port: 5432, user: 'postgres', database: 'crm' });
    const server = openDatabaseServer({ url });
    undo.push(() => server.close());
    return { place, tools, url, server };
  }

  it('has a socket and no port, a folder of its own, and one superuser, who is whoever runs this', async () => {
    const { place, server, url } = await raised();
    expect(statSync(place.folder).mode & 0o077).toBe(0);
    const settings = valueFrom(
      await server.query({
        database: 'postgres',
        sql: `SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'unix_socket_directories')`,
      }),
    );
    const socket = settings.find(({ name }) => name === 'unix_socket_directories')?.setting ?? '';
    expect(settings.find(({ name }) => name === 'listen_addresses')?.setting).toBe('');
    expect(statSync(socket).mode & 0o077).toBe(0);
    const role = `CREATE ROLE cell LOGIN PASSWORD 'open sesame'`;
    valueFrom(await server.createRole({ name: 'cell', statements: [createSecret(role)] }));
    const asCell = (password: string) => {
      const own = new URL(url.reveal());
      [own.username, own.password] = ['cell', password];
      const opened = openDatabaseServer({ url: createSecret(own.href) });
      undo.push(() => opened.close());
      return opened.identity();
    };
    expect(await asCell('open sesame')).toMatchObject({ ok: true, value: { isSuperuser: false } });
    expect(await asCell('guessed')).toMatchObject({ ok: false, failure: { code: 'denied' } });
    expect(await asCell('')).toMatchObject({ ok: false });
  });

  it('keeps what is in it when another process raises it, and leaves no socket behind', async () => {
    const { place, server, tools } = await raised();
    valueFrom(await server.createDatabase({ name: 'crm', comment: 'thaw run 1' }));
    await server.close();
    const later = newTools();
    valueFrom(await later.raise(place));
    expect(valueFrom(await server.describeDatabase('crm'))).toMatchObject({ comment: 'thaw run 1' });
    await server.close();
    valueFrom(await tools.remove(place));
    expect(existsSync(place.folder)).toBe(false);
    expect(readdirSync(join(place.folder, '..'))).toEqual([]);
  });

  it('is made anew where making it broke off', async () => {
    const place = newPlace();
    const tools = newTools();
    undo.push(async () => void (await tools.remove(place)));
    valueFrom(await tools.make(place));
    writeFileSync(join(place.folder, 'half'), '');
    valueFrom(await tools.raise(place));
    expect(existsSync(join(place.folder, 'half'))).toBe(false);
  });
});
