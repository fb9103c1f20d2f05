import { hasImage, type KnownLayout, type StoreLook } from './known-layout.ts';

/** Repositories of other backup programs: only they read them. */

function repository(known: {
  readonly name: string;
  readonly leaves: string;
  /** Of each, one key has to fit. */
  readonly keys: readonly RegExp[];
  readonly image?: RegExp;
  readonly toDo: string;
}): KnownLayout {
  const { name, leaves, keys, image, toDo } = known;
  return {
    name,
    leaves,
    recognise(look: StoreLook) {
      const isThere = keys.every((pattern) => look.keys.some((key) => pattern.test(key)));
      // A program that fills some other store says nothing about dumps that lie here.
      const isSaid = image !== undefined && look.keys.length === 0 && hasImage(look, image);
      return isThere || isSaid ? { notes: [], toDo: [toDo] } : undefined;
    },
  };
}

export const borg = repository({
  name: 'Borg, or borgmatic',
  leaves: 'config, data/0/…, index.N, hints.N, integrity.N',
  keys: [/(?:^|\/)config$/, /(?:^|\/)data\/\d+\/\d+$/, /(?:^|\/)(?:index|hints|integrity)\.\d+$/],
  image: /borg/i,
  toDo: 'This is a repository of Borg (borgmatic, Nextcloud AIO), which only Borg reads. Take the dumps out into a folder, and give thaw that: borgmatic extract --archive latest --destination FOLDER, or borg extract REPOSITORY::ARCHIVE. borgmatic keeps dumps of databases below borgmatic/postgresql_databases. Then `thaw init --store FOLDER`.',
});

export const restic = repository({
  name: 'restic',
  leaves: 'config, keys/, snapshots/, index/, data/XX/',
  keys: [/(?:^|\/)config$/, /(?:^|\/)snapshots\/[0-9a-f]{64}$/, /(?:^|\/)keys\/[0-9a-f]{64}$/],
  image: /restic|resticker/i,
  toDo: 'This is a repository of restic, which only restic reads. Take the dumps out into a folder, and give thaw that: restic restore latest --target FOLDER. Then `thaw init --store FOLDER`.',
});

export const kopia = repository({
  name: 'Kopia',
  leaves: 'kopia.repository.f, kopia.blobcfg.f',
  keys: [/(?:^|\/)kopia\.repository(?:\.f)?$/],
  image: /kopia/i,
  toDo: 'This is a repository of Kopia, which only Kopia reads. Take the dumps out into a folder, and give thaw that: kopia snapshot restore ID FOLDER. Then `thaw init --store FOLDER`.',
});

export const pgBackRest = repository({
  name: 'pgBackRest',
  leaves: 'archive/STANZA/archive.info, backup/STANZA/backup.info',
  keys: [/(?:^|\/)archive\/[^/]+\/archive\.info$/, /(?:^|\/)backup\/[^/]+\/backup\.info$/],
  toDo: 'This is a repository of pgBackRest: thaw recovers whole clusters from it, to a point in time, with the step recover-cluster. Write backups.cluster with engine pgbackrest instead of the dumps; docs/reference.md has the step.',
});

export const walG = repository({
  name: 'WAL-G',
  leaves: 'basebackups_005/, wal_005/',
  keys: [/(?:^|\/)basebackups_005\//],
  toDo: 'These are backups of WAL-G, which thaw does not read. Have pg_dump run as well, or fetch one with wal-g backup-fetch and dump the server that it starts.',
});
