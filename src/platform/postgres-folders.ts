import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Packages keep one folder per major version outside PATH: Debian's, those of the PostgreSQL project, and Alpine's. */
const homes = [
  { parent: '/usr/lib/postgresql', name: /^(\d+)$/, inside: 'bin' },
  { parent: '/usr', name: /^pgsql-(\d+)$/, inside: 'bin' },
  { parent: '/usr/libexec', name: /^postgresql(\d+)$/, inside: '' },
] as const;

/** Folders with programs of PostgreSQL on this host, with the major version that their names say. */
export function postgresFolders(): readonly { readonly folder: string; readonly major: number }[] {
  return homes.flatMap(({ parent, name, inside }) =>
    namesIn(parent).flatMap((entry) => {
      const major = name.exec(entry)?.[1];
      return major === undefined ? [] : [{ folder: join(parent, entry, inside), major: Number(major) }];
    }),
  );
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Most hosts have one of them at most.
    return [];
  }
}
