import { discourse, giteaDump, immich, nextcloudAio } from './applications.ts';
import {
  dockerVolumeBackup,
  postgresBackupLocal,
  postgresBackupS3,
  postgresBackupS3Openssl,
  postgresBackupS3Sql,
} from './images.ts';
import type { KnownLayout, Recognised, StoreLook } from './known-layout.ts';
import { coolify, databasus, dbackup, dokploy } from './panels.ts';
import { borg, kopia, pgBackRest, restic, walG } from './repositories.ts';

/** Every layout that `thaw init` knows by name, one line each: those whose names can be no other's first. */
export const knownLayouts: readonly KnownLayout[] = [
  immich,
  discourse,
  nextcloudAio,
  giteaDump,
  coolify,
  dokploy,
  databasus,
  dbackup,
  postgresBackupLocal,
  postgresBackupS3,
  postgresBackupS3Sql,
  postgresBackupS3Openssl,
  dockerVolumeBackup,
  borg,
  restic,
  kopia,
  pgBackRest,
  walG,
];

/** The first that thaw can read, else the first at all; undefined where the names are of nobody who is known. */
export function recogniseStore(look: StoreLook): Recognised | undefined {
  const found = knownLayouts.flatMap(({ name, recognise }) => {
    const recognised = recognise(look);
    return recognised === undefined ? [] : [{ name, ...recognised }];
  });
  return found.find(({ layout }) => layout !== undefined) ?? found[0];
}
