import { byName, type KnownLayout } from './known-layout.ts';

/** Containers that are put beside a database to back it up. */

/** README of prodrigestivill/docker-postgres-backup-local, "How the backups folder works?". */
export const postgresBackupLocal: KnownLayout = {
  name: 'docker-postgres-backup-local',
  leaves:
    'last/DB-YYYYMMDD-HHmmss.sql.gz, and links to it: daily/DB-YYYYMMDD, weekly/DB-YYYYww, monthly/DB-YYYYMM',
  recognise(look) {
    const isIts = ['daily', 'weekly', 'monthly'].every((folder) =>
      look.keys.some((key) => key.startsWith(`${folder}/`) || key.includes(`/${folder}/`)),
    );
    if (!isIts) return undefined;
    return byName({
      // Before 2021 the time stood in the daily names, and there was no folder `last`.
      key: /^(?<before>.*?)(?:last|daily)\/(?<db>.+)-\d{8}(?:-\d{6})?(?<end>\.[^/]+)$/,
      layout: ({ before = '', db = '', end = '' }) => `${before}{tier}/${db}-{date}[-{time}]${end}`,
      notes: [
        'docker-postgres-backup-local: `last` has each dump with its time, `daily` a link to the last one of each day.',
        'Older ones lie in `weekly` and `monthly`. To take one of those, write the layout weekly/NAME-{week}.sql.gz instead.',
        'With POSTGRES_CLUSTER it is a dump of the whole server: then name the database as `database` here.',
      ],
    })(look);
  },
};

/** backup.sh of eeshugerman/postgres-backup-s3 and its forks. */
export const postgresBackupS3: KnownLayout = {
  name: 'postgres-backup-s3',
  leaves: 'PREFIX/DB_YYYY-MM-DDTHH:MM:SS.dump, with .gpg behind it where a PASSPHRASE is set',
  recognise: byName({
    key: /^(?<before>(?:.*\/)?)(?<db>[^/]+)_\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.dump(?<gpg>\.gpg)?$/,
    layout: ({ before = '', db = '' }) => `${before}${db}_{timestamp}.dump[.gpg]`,
    notes: ['postgres-backup-s3: pg_dump in its custom format; .gpg is encrypted with its PASSPHRASE.'],
  }),
};

/** backup.sh of schickling/postgres-backup-s3 and itbm/postgresql-backup-s3. */
export const postgresBackupS3Sql: KnownLayout = {
  name: 'postgres-backup-s3 (SQL)',
  leaves: 'PREFIX/DB_YYYY-MM-DDTHH:MM:SSZ.sql.gz, or all_….sql.gz of the whole server',
  recognise: byName({
    key: /^(?<before>(?:.*\/)?)(?<db>[^/]+)_\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z(?<end>\.(?:sql\.gz|dump))$/,
    layout: ({ before = '', db = '', end = '' }) => `${before}${db}_{timestamp}${end}`,
    notes: [
      'postgres-backup-s3 (schickling, itbm): all_… is a dump of the whole server, the others are of one database.',
    ],
  }),
};

/** The same, with ENCRYPTION_PASSWORD: openssl enc -aes-256-cbc. */
export const postgresBackupS3Openssl: KnownLayout = {
  name: 'postgresql-backup-s3, encrypted with openssl',
  leaves: 'PREFIX/DB_YYYY-MM-DDTHH:MM:SSZ.sql.gz.enc',
  recognise: byName({
    key: /_\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z\.(?:sql\.gz|dump)\.enc$/,
    layout: () => undefined,
    toDo: [
      'postgresql-backup-s3 encrypted these dumps with openssl, which thaw does not open. Take that off and store what comes out beside them: openssl enc -d -aes-256-cbc -in FILE.enc -out FILE -pass env:ENCRYPTION_PASSWORD. Then correct the layout.',
    ],
  }),
};

/** Configuration reference of offen/docker-volume-backup: BACKUP_FILENAME, GPG_PASSPHRASE, AGE_PASSPHRASE. */
export const dockerVolumeBackup: KnownLayout = {
  name: 'docker-volume-backup',
  leaves:
    'backup-YYYY-MM-DDTHH-MM-SS.tar.gz: the folders below /backup of its container; .gpg or .age where it encrypts',
  recognise: byName({
    key: /(?:^|\/)backup-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.tar(?:\.gz|\.zst)?(?:\.gpg|\.age)?$/,
    layout: () => undefined,
    toDo: [
      'docker-volume-backup packs whole volumes into one archive, and thaw takes no dump out of it. Unpack one into a folder (gpg --decrypt or age --decrypt first where it is encrypted): tar -xzf FILE -C FOLDER. A dump that pg_dump wrote into a volume lies below FOLDER/backup: `thaw init --store` that folder.',
      'The files of a running PostgreSQL (its data volume) are no backup that thaw can prove: have pg_dump run before the archive is made (label docker-volume-backup.archive-pre).',
    ],
  }),
};
