import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { postgresFolders } from '../platform/postgres-folders.ts';

export type ServerAccount = { readonly uid: number; readonly gid: number };

/** What the rehearsal starts; a folder with some of them only (links that somebody made) is no installation. */
const programs = ['initdb', 'postgres', 'pg_isready', 'pg_dump', 'psql'] as const;

/** A whole set of programs on PATH was put there on purpose and comes first; else the highest version on this host. */
export async function findPostgresFolder(): Promise<string> {
  for (const folder of (process.env.PATH ?? '').split(':')) {
    if (folder.startsWith('/') && (await hasAll(folder))) return folder;
  }
  let best: { readonly major: number; readonly folder: string } | undefined;
  for (const { folder, major } of postgresFolders()) {
    if (major > (best?.major ?? 0) && (await isExecutable(join(folder, 'initdb')))) best = { major, folder };
  }
  if (best !== undefined) return best.folder;
  throw new Error('No PostgreSQL server is installed on this host: install the package postgresql.');
}

/** Whom the server runs as: undefined is ourselves. The server refuses to run as root. */
export async function serverAccount(): Promise<ServerAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line[0] === name);
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error(
    'There is no unprivileged user on this host to run PostgreSQL as: make one named postgres.',
  );
}

async function hasAll(folder: string): Promise<boolean> {
  for (const name of programs) if (!(await isExecutable(join(folder, name)))) return false;
  return true;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
