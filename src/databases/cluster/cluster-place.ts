import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sha256 } from '../../base/digest.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode } from '../../base/thrown.ts';
import type { ClusterPlace, PlaceState } from '../../ports/cluster-tools.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { runAsServer, type ServerAccount } from './server-account.ts';

/** Where everything of one cluster lies. */
export function pathsOf({ folder }: Pick<ClusterPlace, 'folder'>) {
  const beside = `${folder}.recovery`;
  // The kernel allows 107 bytes for the path of a socket; a data folder's own may be longer.
  const digest = sha256(folder).slice(0, 12);
  return {
    data: folder,
    beside,
    wal: join(beside, 'wal'),
    marker: join(beside, 'made-by-thaw'),
    log: join(beside, 'server.log'),
    settings: join(beside, 'postgresql.conf'),
    access: join(beside, 'pg_hba.conf'),
    users: join(beside, 'pg_ident.conf'),
    socket: join(tmpdir(), `thaw-cluster-${digest}`),
  };
}

/** Standard folders a server does not make by itself; a plain copy in an object store has lost the empty ones. */
const serverFolders = [
  ...['pg_commit_ts', 'pg_dynshmem', 'pg_logical/mappings', 'pg_logical/snapshots', 'pg_notify'],
  ...['pg_multixact/members', 'pg_multixact/offsets', 'pg_replslot', 'pg_serial', 'pg_snapshots'],
  ...[
    'pg_stat',
    'pg_stat_tmp',
    'pg_subtrans',
    'pg_tblspc',
    'pg_twophase',
    'pg_wal/archive_status',
    'pg_xact',
  ],
];

export async function lookAtPlace(
  place: ClusterPlace,
  parts: { readonly processes: ProcessRunner; readonly account: ServerAccount | undefined },
): Promise<Outcome<PlaceState>> {
  const paths = pathsOf(place);
  try {
    const owner = (await readFile(paths.marker, 'utf8').catch(() => '')).trim();
    if (owner === place.runId) return succeed({ kind: 'own' });
    if (owner !== '') return succeed({ kind: 'taken', what: `${paths.data} was made by run ${owner}` });
    for (const folder of [paths.data, paths.beside]) {
      const entries = await entriesOf(folder);
      if (entries > 0) return succeed({ kind: 'taken', what: `${folder} holds ${entries} files or folders` });
    }
  } catch (error) {
    return fail(describeFileFailure({ doing: `look into ${paths.data}`, error }));
  }
  const parent = await nearestFolder(dirname(paths.data));
  const asked = await runAsServer(parts.processes, {
    ...parts,
    program: 'test',
    args: ['-x', parent],
    stallMs: 30_000,
  });
  if (!asked.ok) return asked;
  return asked.value.exitCode === 0
    ? succeed({ kind: 'free' })
    : fail(closedTo(parent, parts.account?.name ?? 'this user'));
}

async function entriesOf(folder: string): Promise<number> {
  try {
    return (await readdir(folder)).length;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

async function nearestFolder(path: string): Promise<string> {
  const there = await lstat(path).then(
    () => true,
    () => false,
  );
  return there || path === dirname(path) ? path : nearestFolder(dirname(path));
}

function closedTo(folder: string, user: string): Failure {
  return {
    code: 'denied',
    message: `The server runs as ${user}, who may not enter ${folder}.`,
    remedy: `Choose a folder ${user} can reach, or open the way to this one: chmod a+x ${folder}.`,
    retry: 'after-fix',
  };
}

/** Both folders, empty and marked. The mark comes first: what has none is never removed. */
export async function makePlace(place: ClusterPlace): Promise<Outcome<void>> {
  const paths = pathsOf(place);
  try {
    await mkdir(paths.wal, { recursive: true, mode: 0o700 });
    await writeFile(paths.marker, `${place.runId}\n`);
    await mkdir(paths.data, { recursive: true, mode: 0o700 });
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing: `make ${paths.data}`, error }));
  }
}

export async function makeServerFolders({ folder }: ClusterPlace): Promise<void> {
  for (const name of serverFolders) await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
}
