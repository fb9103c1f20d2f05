import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { shellLine, shellWord } from '../../base/quoting.ts';
import { createSecret } from '../../base/secret.ts';
import type { ClusterDriver, ClusterPlace } from '../../ports/cluster-tools.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { lookAtPlace, makePlace, pathsOf } from './cluster-place.ts';
import { configureRecovery } from './configure-recovery.ts';
import { readControlData } from './control-data.ts';
import { raisingTools } from './raise-cluster.ts';
import { repositoryTools } from './repository-tools.ts';
import { commandFailed, runner } from './run-program.ts';
import {
  promoteServer,
  type Server,
  serverState,
  startCommand,
  startServer,
  stopServer,
} from './run-server.ts';
import { findServerAccount } from './server-account.ts';
import { findServerPrograms } from './server-programs.ts';

/** PostgreSQL's own programs, tar, and pgBackRest, on this host. */
export function openClusterTools({ processes }: { readonly processes: ProcessRunner }): ClusterDriver {
  const run = runner(processes);
  const withServer = async <T>(
    place: ClusterPlace,
    act: (server: Server) => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> => {
    const found = await serverOf(place, processes);
    return found.ok ? act(found.value) : found;
  };

  const controlText = (place: ClusterPlace) =>
    withServer(place, async (server) => {
      // It only reads, and the files may not be handed to the server's user yet.
      const request = { program: join(server.programs, 'pg_controldata'), args: ['-D', place.folder] };
      const ran = await processes.run({ ...request, env: { LC_ALL: 'C' }, stallMs: 30_000 });
      if (!ran.ok || ran.value.exitCode === 0) return ran;
      const remedy = 'Choose another base backup.';
      return fail(commandFailed({ ...request, remedy, result: ran.value }));
    });

  return {
    async serverVersion(major) {
      const found = await findServerPrograms(processes, major);
      return found.ok ? succeed({ major, text: found.value.version }) : found;
    },
    async look(place) {
      const account = await findServerAccount();
      return account.ok ? lookAtPlace(place, { processes, account: account.value }) : account;
    },
    make: makePlace,
    walFile: (place, name) => join(pathsOf(place).wal, name),
    unpackTar: ({ into, place, ...request }) =>
      unpackTar(processes, {
        ...request,
        folder: into === 'data' ? place.folder : join(place.folder, 'pg_wal'),
      }),
    verifyFiles: (request) => withServer(request.place, (server) => verifyFiles(server, request)),
    async control(place) {
      const text = await controlText(place);
      return text.ok ? readControlData(text.value.stdout, place.folder) : text;
    },
    async configure(settings) {
      const text = await controlText(settings.place);
      return text.ok ? configureRecovery(settings, text.value.stdout) : text;
    },
    describeStart: (place) => shellLine(startCommand({ place, programs: '' })),
    start: (place) => withServer(place, startServer),
    state: (place) => withServer(place, serverState),
    ...raisingTools(processes, serverOf),
    promote: (place) => withServer(place, promoteServer),
    stop: (place) => withServer(place, stopServer),
    remove: (place) => removePlace(place, processes),
    url: ({ place, port, user, database }) => {
      const socket = encodeURIComponent(pathsOf(place).socket);
      const [who, what] = [user, database].map(encodeURIComponent);
      return createSecret(`postgresql://${who}@localhost/${what}?host=${socket}&port=${port}`);
    },
    ...repositoryTools(run, processes),
    // A percent sign in a folder's name is one of the server's own placeholders.
    folderCommand: (place) => `cp ${shellWord(pathsOf(place).wal).replaceAll('%', '%%')}/%f "%p"`,
  };
}

async function verifyFiles(
  server: Server,
  { place, manifestFile, onLine, stallMs, signal }: Parameters<ClusterDriver['verifyFiles']>[0],
): Promise<Outcome<string>> {
  const ran = await server.processes.run({
    program: join(server.programs, 'pg_verifybackup'),
    // The WAL inside may be gone or complete elsewhere; recovery itself reads and checks every record of it.
    args: ['--no-parse-wal', '--exit-on-error', `--manifest-path=${manifestFile}`, place.folder],
    env: { LC_ALL: 'C' },
    onLine,
    stallMs,
    ...(signal === undefined ? {} : { signal }),
  });
  if (!ran.ok) return ran;
  if (ran.value.exitCode === 0) return succeed(`pg_verifybackup ${server.version}`);
  return fail({
    code: 'damaged',
    message: 'The files of the base backup differ from its own manifest.',
    remedy: 'Choose another base backup, or fetch this one again.',
    retry: 'after-fix',
    detail: ran.value.stderr.trim(),
  });
}

async function serverOf(place: ClusterPlace, processes: ProcessRunner): Promise<Outcome<Server>> {
  const account = await findServerAccount();
  if (!account.ok) return account;
  const file = join(place.folder, 'PG_VERSION');
  let major: number;
  try {
    major = Number.parseInt(await readFile(file, 'utf8'), 10);
  } catch (error) {
    return fail(describeFileFailure({ doing: `read ${file}`, error }));
  }
  const programs = await findServerPrograms(processes, major);
  if (!programs.ok) return programs;
  const { folder, version } = programs.value;
  return succeed({ place, processes, account: account.value, programs: folder, version });
}

/** GNU tar: it refuses names that lead out of the folder, and makes links only after everything else. */
async function unpackTar(
  processes: ProcessRunner,
  request: {
    readonly folder: string;
    readonly file: string;
    readonly onLine: (line: string) => void;
    readonly stallMs: number;
    readonly signal?: AbortSignal;
  },
): Promise<Outcome<void>> {
  const { folder, file, onLine, stallMs, signal } = request;
  const ran = await processes.run({
    program: 'tar',
    args: ['--extract', '--file', file, '--directory', folder, '--no-same-owner', '--checkpoint=10000'],
    onLine,
    stallMs,
    ...(signal === undefined ? {} : { signal }),
  });
  if (!ran.ok || ran.value.exitCode === 0) return ran.ok ? succeed(undefined) : ran;
  return fail({
    code: 'damaged',
    message: `tar ended with status ${ran.value.exitCode} while it unpacked ${file} into ${folder}.`,
    remedy: 'Read its last lines: the disk may be full, or the backup damaged.',
    retry: 'after-fix',
    detail: ran.value.stderr.trim(),
  });
}

async function removePlace(place: ClusterPlace, processes: ProcessRunner): Promise<Outcome<void>> {
  const paths = pathsOf(place);
  const marker = (await readFile(paths.marker, 'utf8').catch(() => '')).trim();
  if (marker !== place.runId) return succeed(undefined);
  try {
    const names: readonly string[] = await readdir(paths.data).catch(() => []);
    if (names.includes('PG_VERSION')) {
      const server = await serverOf(place, processes);
      if (!server.ok) return server;
      const stopped = await stopServer(server.value);
      if (!stopped.ok) return stopped;
    }
    for (const folder of [paths.data, paths.socket]) await rm(folder, { recursive: true, force: true });
    await rm(paths.beside, { recursive: true, force: true });
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing: `remove ${paths.data}`, error }));
  }
}
