import { join } from 'node:path';

/** The first words of every sandbox folder in the temporary folder; the sweep looks for them. */
export const sandboxPrefix = 'thaw-sandbox-';

/** Where everything of one sandbox lies. Names are short: gpg-agent and PostgreSQL open sockets in here. */
export function layOut(folder: string) {
  return {
    folder,
    /** Says which process owns the sandbox, and that this folder may be removed. */
    marker: join(folder, 'sandbox.json'),
    productionCluster: join(folder, 'production'),
    drillCluster: join(folder, 'drill'),
    gnupgHome: join(folder, 'gnupg'),
    secretKeyFile: join(folder, 'backup-key.asc'),
    signingKeyFile: join(folder, 'backup-signing'),
    backupDirectory: join(folder, 'backups'),
    objectsDirectory: join(folder, 'objects'),
    drillObjectsDirectory: join(folder, 'drill-objects'),
    servicesFolder: join(folder, 'services'),
    controlFile: join(folder, 'services.json'),
    envFile: join(folder, '.env'),
  } as const;
}

export type SandboxLayout = ReturnType<typeof layOut>;
