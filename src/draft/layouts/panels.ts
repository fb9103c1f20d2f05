import { byName, type KnownLayout } from './known-layout.ts';

/** Panels that deploy or back up databases from a web page. */

/** app/Jobs/DatabaseBackupJob.php of coollabsio/coolify. */
export const coolify: KnownLayout = {
  name: 'Coolify',
  leaves:
    'data/coolify/backups/databases/TEAM/NAME-UUID/pg-dump-DB-SECONDS.dmp, or pg-dump-all-SECONDS.gz of the whole server',
  recognise: byName({
    key: /^(?<before>(?:.*\/)?)pg-dump-(?<db>.+?)-1\d{9}(?:-[0-9a-z]+)?\.(?<end>dmp|gz)$/,
    layout: ({ before = '', db = '', end = '' }) => `${before}pg-dump-${db}-{id}.${end}`,
    notes: [
      'Coolify: the number in the name is seconds since 1970, which a layout cannot read: when the store took the file counts.',
      'pg-dump-all-….gz is a dump of the whole server; .dmp is one database in custom format, without owners and grants.',
    ],
  }),
};

/** packages/server/src/utils/backups of Dokploy/dokploy. */
export const dokploy: KnownLayout = {
  name: 'Dokploy',
  leaves:
    'APP/PREFIX/2026-04-28T01:00:00.123Z.sql.gz, which is pg_dump in custom format whatever the name says',
  recognise: byName({
    key: /^(?<before>(?:.*\/)?)\d{4}-\d{2}-\d{2}T\d{2}[:-]\d{2}[:-]\d{2}(?<point>[.-])\d{3}Z\.sql\.gz$/,
    layout: ({ before = '', point = '' }) => `${before}{timestamp}${point}{id}.sql.gz`,
    notes: ['Dokploy: custom format inside, whatever the name says, without owners and grants.'],
  }),
};

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** backend/internal/features/backups of databasus/databasus, which was RostislavDugin/postgresus. */
export const databasus: KnownLayout = {
  name: 'Databasus (Postgresus)',
  leaves: 'NAME-YYYYMMDD-HHMMSS-UUID or UUID, without an ending, and UUID.metadata beside it',
  recognise(look) {
    const isIts = look.keys.some((key) => new RegExp(`${uuid}\\.metadata$`).test(key));
    const named = byName({
      key: new RegExp(`^(?<before>(?:.*/)?)(?<db>[^/]+?)[-_]\\d{8}[-_]\\d{6}[-_]${uuid}$`),
      layout: ({ before = '', db = '' }) => `${before}${db}-{date}-{time}-{id}`,
      notes,
    })(look);
    if (named !== undefined) return named;
    if (!isIts) return undefined;
    return byName({
      key: new RegExp(`^(?<before>(?:.*/)?)${uuid}$`),
      layout: ({ before = '' }) => `${before}{id}`,
      notes,
      toDo: [
        'The names tell neither database nor time: when the store took a file counts. Where dumps of several databases lie here, give each a folder of its own.',
      ],
    })(look);
  },
};

const notes = [
  'Databasus: pg_dump in custom format. What it encrypted itself (.metadata says "encryption": "ENCRYPTED") thaw does not open: download such a dump from its page, and store that.',
];

/** docs/developer-guide/reference of Skyfay/DBackup: archive-format.md and legacy-backup-formats.md. */
export const dbackup: KnownLayout = {
  name: 'DBackup',
  leaves:
    'JOB/NAME.tar with NAME.tar.index and .meta.json; before that .sql, .dump, each with .gz, .br or .enc',
  recognise(look) {
    const isIts = look.keys.some((key) =>
      /\.(?:tar|sql|dump)(?:\.gz|\.br)?(?:\.enc)?\.meta\.json$/.test(key),
    );
    if (!isIts) return undefined;
    const plain = look.families.find(
      ({ looksLike, pattern }) =>
        looksLike === 'dump' && look.keys.includes(`${firstOf(pattern, look)}.meta.json`),
    );
    if (plain !== undefined)
      return {
        layout: plain.pattern,
        example: plain.objects[0].key,
        notes: ['DBackup: a dump of one database; .meta.json beside it is not needed.'],
        toDo: [],
      };
    return {
      notes: [],
      toDo: [
        'DBackup packs its dumps into a TAR of its own (manifest.json, databases/NAME.dump), which thaw does not open. Without encryption: tar -xf FILE databases, and store what lies in there. With it: node restore_archive.js --extract FILE FOLDER KEY of its Recovery Kit. Then correct the layout.',
      ],
    };
  },
};

function firstOf(pattern: string, look: Parameters<KnownLayout['recognise']>[0]): string {
  return look.families.find((family) => family.pattern === pattern)?.objects[0].key ?? '';
}
