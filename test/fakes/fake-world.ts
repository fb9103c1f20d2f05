import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { openMailTools } from '../../src/adapters/mail/open-mail-tools.ts';
import { createFileTrees } from '../../src/adapters/tree/file-trees.ts';
import { fail, type Outcome, succeed } from '../../src/base/failure.ts';
import { openClusterTools } from '../../src/databases/cluster/open-cluster-tools.ts';
import type { DumpTools, RestoreReport } from '../../src/ports/dump-tools.ts';
import type { ProcessResult, ProcessRunner } from '../../src/ports/process-runner.ts';
import type { Unpacker } from '../../src/ports/unpacker.ts';
import type { World } from '../../src/ports/world.ts';
import {
  guardClusters,
  guardHost,
  guardServer,
  guardStore,
  guardTrees,
} from '../../src/registry/with-permits.ts';
import { nameStore } from '../../src/stores/list.ts';
import { createFakeDatabaseServer, type FakeDatabaseServer } from './fake-database-server.ts';
import { createFakeHost, type FakeHost } from './fake-host.ts';
import { createFakeHostPrograms, type FakeHostPrograms } from './fake-host-programs.ts';
import { createFakeObjectStore, type FakeObjectStore } from './fake-object-store.ts';
import { createFakeSecretFiles, type FakeSecretFiles } from './fake-secret-files.ts';
import { createFakeServices, type FakeServices } from './fake-services.ts';

export type FakeWorld = World & {
  readonly host: Omit<FakeHost, 'removeFile'> & World['host'];
  /** By the name in the runbook's directory path: backups, live, sandbox. */
  readonly stores: Readonly<Record<string, FakeObjectStore>>;
  readonly production: FakeDatabaseServer;
  readonly sandbox: FakeDatabaseServer;
  readonly services: FakeServices;
  readonly hostPrograms: FakeHostPrograms;
  readonly secretFiles: FakeSecretFiles;
  readonly programs: { run: ProcessRunner['run'] };
  readonly tools: { major: number; report: RestoreReport; restored: (database: string) => void };
};

/** A small company in memory: database `crm`, three services, two stores and a sandbox for drills. */
export function createFakeWorld(): FakeWorld {
  const host = createFakeHost();
  const guarded = guardHost(host);
  const stores = Object.fromEntries(
    ['backups', 'live', 'sandbox'].map((name) => [name, createFakeObjectStore({ name, now: host.now })]),
  );
  const production = createFakeDatabaseServer({ databases: { crm: { content: 'ruined' } } });
  const sandbox = createFakeDatabaseServer({
    address: 'sandbox:5432',
    systemIdentifier: '9900000000000001122',
  });
  const services = createFakeServices(['web', 'worker', 'scheduler']);
  const programs: FakeWorld['programs'] = { run: async () => succeed(ended(0)) };
  const tools: FakeWorld['tools'] = {
    major: 15,
    report: { messages: [], exitCode: 0, entriesDone: 3 },
    restored: () => {},
  };
  const world: FakeWorld = {
    host: { ...host, ...guarded },
    stores,
    production,
    sandbox,
    services,
    programs,
    tools,
    processes: { run: (request) => programs.run(request) },
    hostPrograms: createFakeHostPrograms(),
    mail: openMailTools(),
    clusters: guardClusters(openClusterTools({ processes: { run: (request) => programs.run(request) } })),
    trees: guardTrees(createFileTrees()),
    secretFiles: createFakeSecretFiles(),
    nameStore,
    openStore: (config) => {
      const store = stores[nameStore(config).name];
      if (store === undefined) throw new Error('The test names a store that is not there');
      return guardStore(store);
    },
    openDatabaseServer: (url) => guardServer(url.reveal().includes('sandbox') ? sandbox : production),
    openDumpTools: () => fakeDumpTools(tools),
    openUnpacker: () => fakeUnpacker(host),
    openPacker: () => {
      throw new Error('No step packs anything');
    },
    openServices: () => services,
    look: () => world,
    close: async () => {},
  };
  return world;
}

export function ended(exitCode: number): ProcessResult {
  return { exitCode, stdout: '', stderr: '' };
}

function fakeDumpTools(tools: FakeWorld['tools']): DumpTools {
  const unused = async () => fail(notHere);
  return {
    restoreToolVersion: async () => succeed({ major: tools.major, text: `${tools.major}.0` }),
    contents: async () =>
      succeed({
        entries: ['TABLE', 'TABLE DATA'].flatMap((type) =>
          ['clients', 'receipts'].map((name, id) => ({ id, type, schema: 'public', name })),
        ),
        dumpedFromVersion: '15.18',
        dumpedByVersion: '15.18',
      }),
    readContent: unused,
    takeDatabase: unused,
    describeRestore: ({ database, jobs }) => `pg_restore -j ${jobs} -d ${database}`,
    restore: async ({ database, onEntry }) => {
      onEntry(tools.report.entriesDone);
      tools.restored(database);
      return succeed(tools.report);
    },
    dumpToolVersion: unused,
    describeDump: () => 'pg_dump',
    dump: unused,
    dumpGlobals: unused,
  };
}

const notHere = {
  code: 'tool-missing',
  message: 'This fake makes no dumps.',
  remedy: 'Use a real one.',
  retry: 'never',
} as const;

/** Content is taken as it is: what the layers do is the adapter's business, and is tested with real keys there. */
function fakeUnpacker(host: FakeHost): Unpacker {
  return {
    describeKey: async () => succeed({ keyIds: ['0123456789ABCDEF'], text: 'a key of the test' }),
    peek: async ({ body, wantBytes }) => {
      const content = await buffer(body);
      return succeed(content.subarray(0, wantBytes));
    },
    read: async ({ open, take }) => {
      const body = await open();
      return body.ok ? take(body.value) : body;
    },
    unpack: async ({
      fromFile,
      toFile,
      onProgress,
    }): Promise<Outcome<{ sizeBytes: number; sha256: string; engine: string }>> => {
      const content = host.files.get(fromFile);
      if (content === undefined)
        return fail({ ...notHere, code: 'not-found', message: `There is no ${fromFile}.` });
      onProgress(content.length);
      host.files.set(toFile, content);
      const sha256 = createHash('sha256').update(content).digest('hex');
      return succeed({ sizeBytes: content.length, sha256, engine: 'the fake' });
    },
  };
}
