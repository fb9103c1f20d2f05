import { byName, type KnownLayout, type StoreLook } from './known-layout.ts';

/** Applications that back themselves up, or whose documents say how. */

/**
 * Backups of Immich's own job, in UPLOAD_LOCATION/backups: "Database" of its documents on backup and restore, which change the dump on the
 * way in, since functions of its indexes say no search path.
 */
export const immich: KnownLayout = {
  name: 'Immich',
  leaves:
    'immich-db-backup-YYYYMMDDTHHMMSS-vVERSION-pgVERSION.sql.gz; before 2025 immich-db-backup-MILLISECONDS.sql.gz',
  recognise(look) {
    const notes = [
      'Immich: its own nightly job. Photos and videos are not in it: UPLOAD_LOCATION needs a backup of its own.',
    ];
    const dated = byName({
      key: /^(?<before>(?:.*\/)?)immich-db-backup-\d{8}T\d{6}-v[^/]+\.sql\.gz$/,
      layout: ({ before = '' }) => `${before}immich-db-backup-{timestamp}-v{any}.sql.gz`,
      notes,
    })(look);
    const found = dated ?? old(look, notes);
    return found === undefined ? undefined : { ...found, searchPath: ['public'] };
  },
};

function old(look: StoreLook, notes: readonly string[]) {
  return byName({
    key: /^(?<before>(?:.*\/)?)immich-db-backup-1\d{12}\.sql\.gz$/,
    layout: ({ before = '' }) => `${before}immich-db-backup-{id}.sql.gz`,
    notes: [
      ...notes,
      'The number in the name is no time that a layout reads: when the store took the file counts.',
    ],
  })(look);
}

/** Backup container of nextcloud/all-in-one: what it checks before it makes an archive of Borg. */
export const nextcloudAio: KnownLayout = {
  name: 'Nextcloud AIO',
  leaves: 'an archive of Borg, and in it nextcloud_aio_database_dump/database-dump.sql',
  recognise: byName({
    key: /^(?<before>(?:.*\/)?nextcloud_aio_database_dump\/)database-dump\.sql$/,
    layout: ({ before = '' }) => `${before}database-dump.sql`,
    notes: [
      'Nextcloud AIO: one dump, written anew before each backup: when the file was written counts as its time.',
      'Database and role are called nextcloud_database and nextcloud there unless the dump says otherwise.',
    ],
    toDo: [
      'Files and config.php are in the other volumes of the same archive (nextcloud_aio_nextcloud, nextcloud_aio_nextcloud_data): add a step restore-files for each.',
    ],
  }),
};

/** Names of Discourse's backups: lib/backup_restore of discourse/discourse. */
export const discourse: KnownLayout = {
  name: 'Discourse',
  leaves: 'SITE-YYYY-MM-DD-HHMMSS-vNUMBER.sql.gz, or .tar.gz with dump.sql.gz and uploads in it',
  recognise(look) {
    const plain = byName({
      key: /^(?<before>(?:.*\/)?)(?<site>[^/]+)-\d{4}-\d{2}-\d{2}-\d{6}-v\d+\.sql\.gz$/,
      layout: ({ before = '', site = '' }) => `${before}${site}-{date}-{time}-v{id}.sql.gz`,
      notes: ['Discourse: a backup without uploads.'],
    })(look);
    if (plain !== undefined) return plain;
    return byName({
      key: /-\d{4}-\d{2}-\d{2}-\d{6}-v\d+\.tar\.gz$/,
      layout: () => undefined,
      toDo: [
        'Discourse packed dump.sql.gz and uploads into one archive, and thaw takes no dump out of it: tar -xzOf FILE dump.sql.gz > FILE.sql.gz, stored beside it under the same name. Then correct the layout: SITE-{date}-{time}-v{id}.sql.gz.',
      ],
    })(look);
  },
};

/** `gitea dump` and `forgejo dump`: their documents on backup and restore. */
export const giteaDump: KnownLayout = {
  name: 'gitea dump',
  leaves: 'gitea-dump-SECONDS.zip with gitea-db.sql, repositories and data in it',
  recognise: byName({
    key: /(?:^|\/)(?:gitea|forgejo)-dump-\d{10}\.(?:zip|tar(?:\.\w+)?)$/,
    layout: () => undefined,
    toDo: [
      'gitea dump writes the database as SQL of its own making, which PostgreSQL does not take back in every case: its documents say to back the database up with pg_dump beside it. Do that, and correct the layout.',
    ],
  }),
};
