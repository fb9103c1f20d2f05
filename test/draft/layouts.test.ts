import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseLayout } from '../../src/backups/layout.ts';
import { knownLayouts } from '../../src/draft/layouts/list.ts';
import { archiveBytes } from '../fakes/archive-bytes.ts';
import { thawHere } from '../parts/thaw.ts';

/** Folders as backup programs leave them, and what `thaw init` makes of each. It lints its own draft, and so does `thaw lint` here. */

const plain = Buffer.from(
  '--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 16.3\n-- Dumped by pg_dump version 16.3\n\nSET client_encoding = 1;\n',
);
const cluster = Buffer.from(
  '--\n-- PostgreSQL database cluster dump\n--\n\nSET default_transaction_read_only = off;\n',
);
const [sqlGz, clusterGz, custom, customGz] = [
  gzipSync(plain),
  gzipSync(cluster),
  archiveBytes(),
  gzipSync(archiveBytes()),
];
/** A session key that a passphrase opens (RFC 9580, 5.3), and one for a key (5.1). */
const byPassphrase = Buffer.concat([Buffer.from([0x8c, 13, 4, 9, 3, 8]), Buffer.alloc(200, 7)]);
const byKey = Buffer.concat([Buffer.from([0x85, 1, 12, 3]), Buffer.alloc(400, 7)]);
const nothing = Buffer.from('x'.repeat(64));
const uuid = (digit: number) => `0f8fad5b-d9cb-469f-a165-70867728950${digit}`;
const hash = 'a'.repeat(64);

type Left = Readonly<Record<string, Buffer>>;
type Case = {
  readonly whose: string;
  /** Oldest first. */
  readonly files: Left;
  /** Undefined where thaw reads none of it as it lies. */
  readonly layout?: string;
  /** Names that must not be taken for dumps. */
  readonly not?: readonly string[];
  readonly says: readonly RegExp[];
};

const cases: readonly Case[] = [
  {
    whose: 'Immich',
    files: {
      'immich-db-backup-20261127T020000-v3.2.2-pg17.11.sql.gz': sqlGz,
      'immich-db-backup-20261128T020000-v3.2.2-pg17.11.sql.gz': sqlGz,
    },
    layout: 'immich-db-backup-{timestamp}-v{any}.sql.gz',
    says: [/The newest is plain SQL of PostgreSQL 16\.3/, /Photos and videos are not in it/],
  },
  {
    whose: 'Immich',
    files: { 'immich-db-backup-1738144800006.sql.gz': clusterGz },
    layout: 'immich-db-backup-{id}.sql.gz',
    says: [/a dump of a whole server \(pg_dumpall\)/, /TO DO: .*name the database to take/],
  },
  {
    whose: 'Discourse',
    files: { 'default/forum-2026-11-28-033000-v20261120000000.sql.gz': sqlGz },
    layout: 'default/forum-{date}-{time}-v{id}.sql.gz',
    says: [],
  },
  {
    whose: 'Discourse',
    files: { 'default/forum-2026-11-28-033000-v20261120000000.tar.gz': gzipSync(nothing) },
    says: [/TO DO: Discourse packed dump\.sql\.gz/],
  },
  {
    whose: 'Nextcloud AIO',
    files: {
      'nextcloud_aio_database_dump/database-dump.sql': plain,
      'nextcloud_aio_nextcloud/config/config.php': nothing,
    },
    layout: 'nextcloud_aio_database_dump/database-dump.sql',
    says: [/when the file was written counts/],
  },
  {
    whose: 'gitea dump',
    files: { 'gitea-dump-1482906742.zip': Buffer.from('PK\x03\x04 gitea') },
    says: [/with pg_dump beside it/],
  },
  {
    whose: 'Coolify',
    files: { 'data/coolify/backups/databases/root-team-0/crm-xk4c/pg-dump-crm-1732752000.dmp': custom },
    layout: 'data/coolify/backups/databases/root-team-0/crm-xk4c/pg-dump-crm-{id}.dmp',
    says: [/a custom archive of the database crm, PostgreSQL 15\.18/],
  },
  {
    whose: 'Coolify',
    files: { 'coolify/pg-dump-all-1732752000-ks84jc.gz': clusterGz },
    layout: 'coolify/pg-dump-all-{id}.gz',
    says: [/a dump of a whole server/],
  },
  {
    whose: 'Dokploy',
    files: { 'crm-db-x1/nightly/2026-11-28T01:00:00.123Z.sql.gz': customGz },
    layout: 'crm-db-x1/nightly/{timestamp}.{id}.sql.gz',
    says: [/Dokploy: custom format inside/],
  },
  {
    whose: 'Databasus (Postgresus)',
    files: {
      [`crm-20261127-010000-${uuid(1)}`]: custom,
      [`crm-20261127-010000-${uuid(1)}.metadata`]: nothing,
      [`crm-20261128-010000-${uuid(2)}`]: custom,
      [`crm-20261128-010000-${uuid(2)}.metadata`]: nothing,
    },
    layout: 'crm-{date}-{time}-{id}',
    not: [`crm-20261128-010000-${uuid(2)}.metadata`],
    says: [/What it encrypted itself/],
  },
  {
    whose: 'Databasus (Postgresus)',
    files: { [uuid(1)]: custom, [`${uuid(1)}.metadata`]: nothing },
    layout: '{id}',
    not: [`${uuid(1)}.metadata`],
    says: [/TO DO: The names tell neither database nor time/],
  },
  {
    whose: 'DBackup',
    files: {
      'Nightly/crm_2026-11-28_03-00-00.dump': custom,
      'Nightly/crm_2026-11-28_03-00-00.dump.meta.json': nothing,
    },
    layout: 'Nightly/crm_{timestamp}.dump',
    says: [],
  },
  {
    whose: 'DBackup',
    files: {
      'Nightly/crm-2026-11-28.tar': nothing,
      'Nightly/crm-2026-11-28.tar.index': nothing,
      'Nightly/crm-2026-11-28.tar.meta.json': nothing,
    },
    says: [/restore_archive\.js --extract/],
  },
  {
    whose: 'docker-postgres-backup-local',
    files: {
      'monthly/crm-202611.sql.gz': sqlGz,
      'weekly/crm-202648.sql.gz': sqlGz,
      'daily/crm-20261127.sql.gz': sqlGz,
      'last/crm-20261128-020007.sql.gz': sqlGz,
      'daily/crm-20261128.sql.gz': sqlGz,
      'last/crm-latest.sql.gz': sqlGz,
    },
    layout: '{tier}/crm-{date}[-{time}].sql.gz',
    not: ['last/crm-latest.sql.gz', 'weekly/crm-202648.sql.gz', 'monthly/crm-202611.sql.gz'],
    says: [/weekly\/NAME-\{week\}\.sql\.gz/],
  },
  {
    whose: 'postgres-backup-s3',
    files: { 'backup/crm_2026-11-28T02:00:00.dump.gpg': byPassphrase },
    layout: 'backup/crm_{timestamp}.dump[.gpg]',
    says: [/passphrase: \$\{BACKUP_PASSPHRASE\}/, /TO DO: the dumps are encrypted/],
  },
  {
    whose: 'postgres-backup-s3 (SQL)',
    files: {
      'backup/billing_2026-11-28T02:00:00Z.sql.gz': sqlGz,
      'backup/crm_2026-11-28T02:00:00Z.sql.gz': sqlGz,
    },
    layout: 'backup/crm_{timestamp}.sql.gz',
    says: [/There are dumps of crm, billing: the layout takes crm/],
  },
  {
    whose: 'postgresql-backup-s3, encrypted with openssl',
    files: { 'crm_2026-11-28T02:00:00Z.sql.gz.enc': Buffer.from(`Salted__${'x'.repeat(80)}`) },
    says: [/openssl enc -d -aes-256-cbc/],
  },
  {
    whose: 'docker-volume-backup',
    files: { 'backup-2026-11-28T04-00-00.tar.gz.gpg': byPassphrase },
    says: [/thaw takes no dump out of it/],
  },
  {
    whose: 'Borg, or borgmatic',
    files: {
      README: nothing,
      config: nothing,
      'data/0/1': nothing,
      'index.1': nothing,
      'hints.1': nothing,
      'integrity.1': nothing,
    },
    says: [/borgmatic extract --archive latest/],
  },
  {
    whose: 'restic',
    files: {
      config: nothing,
      [`keys/${hash}`]: nothing,
      [`snapshots/${hash}`]: nothing,
      [`data/aa/${hash}`]: nothing,
    },
    says: [/restic restore latest --target FOLDER/],
  },
  {
    whose: 'Kopia',
    files: { 'kopia.repository.f': nothing, 'p0/12/abc.f': nothing },
    says: [/kopia snapshot restore/],
  },
  {
    whose: 'pgBackRest',
    files: { 'archive/main/archive.info': nothing, 'backup/main/backup.info': nothing },
    says: [/engine pgbackrest/],
  },
  {
    whose: 'WAL-G',
    files: { 'basebackups_005/base_0001.json': nothing, 'wal_005/0001.lz4': nothing },
    says: [/wal-g backup-fetch/],
  },
  // Nobody's: scripts of cron.
  {
    whose: '',
    files: { 'shop-2026-11-27.sql.gz': sqlGz, 'shop-2026-11-28.sql.gz': sqlGz },
    layout: 'shop-{date}.sql.gz',
    says: [/plain SQL of PostgreSQL 16\.3/],
  },
  {
    whose: '',
    files: { 'pg/2026/11/28/shop.dump': custom },
    layout: 'pg/{year}/{month}/{day}/shop.dump',
    says: [],
  },
  {
    whose: '',
    files: { 'pg/2026-11-28/14.dump.gz.gpg': byKey },
    layout: 'pg/{date}/{hour}.dump.gz.gpg',
    says: [/privateKeyFile: \$\{BACKUP_PRIVATE_KEY_FILE\}/],
  },
  {
    whose: '',
    files: { 'daily/db_20261128_020007.sql.gz': sqlGz, 'weekly/db_20261122_020007.sql.gz': sqlGz },
    layout: '{tier}/db_{timestamp}.sql.gz',
    says: [],
  },
  {
    whose: '',
    files: { 'dumpall_2026-11-28_02h00.sql': cluster, 'dumpall_2026-11-28_02h00.sql.sha256': nothing },
    layout: 'dumpall_{date}_{time}.sql',
    not: ['dumpall_2026-11-28_02h00.sql.sha256'],
    says: [/pg_dumpall/],
  },
  {
    whose: '',
    files: { 'backup-1732752000.pgdump': custom },
    layout: 'backup-{id}.pgdump',
    says: [/TO DO: backup-1732752000\.pgdump is the only one of its name/],
  },
  {
    whose: '',
    files: { 'shop-Fri.sql.gz': sqlGz, 'shop-Sat.sql.gz': sqlGz },
    layout: 'shop-{any}.sql.gz',
    says: [/TO DO: the names tell no time/],
  },
  {
    whose: '',
    files: { 'shop.dump': custom },
    layout: 'shop.dump',
    says: [/each dump seems to take the place of the one before/],
  },
  {
    whose: '',
    files: { 'mysql-2026-11-28.sql': Buffer.from('-- MySQL dump 10.13  Distrib 8.0\n--\n') },
    says: [/is a dump of MySQL or MariaDB/],
  },
  {
    whose: '',
    files: { 'photo.jpg': nothing },
    says: [/nothing in \S+ looks like a dump of PostgreSQL \(photo\.jpg/],
  },
  { whose: '', files: {}, says: [/is empty\. Have a dump made/] },
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-layouts-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A store with these files, the last one the newest, and the runbook that was drafted from it. */
async function draft(files: Left) {
  const at = mkdtempSync(join(folder, 'case-'));
  const store = join(at, 'store');
  mkdirSync(store);
  for (const [index, [name, content]] of Object.entries(files).entries()) {
    mkdirSync(dirname(join(store, name)), { recursive: true });
    writeFileSync(join(store, name), content);
    const seconds = 1_795_000_000 + index * 60;
    utimesSync(join(store, name), seconds, seconds);
  }
  const env = { HOME: at };
  const end = await thawHere({ args: ['init', 'crm', '--store', store], env, cwd: at });
  const text = end.status === 0 ? readFileSync(join(at, 'runbooks/crm.yaml'), 'utf8') : '';
  const linted = await thawHere({ args: ['lint', 'crm'], env, cwd: at });
  return { end, linted, text, layout: String(parse(text)?.backups?.dumps?.layout) };
}

describe('A store as a backup program leaves it', () => {
  it.each(cases.map((one) => [one.whose || 'a script', Object.keys(one.files).join(' '), one] as const))(
    '%s: %s',
    async (_whose, _files, { whose, files, layout, not = [], says }) => {
      const drafted = await draft(files);
      expect(drafted.end.status, drafted.end.text).toBe(0);
      expect(drafted.linted.status, drafted.linted.text).toBe(0);
      if (whose !== '') expect(drafted.end.text).toContain(`as ${whose} leaves them`);
      // Comments are wrapped where they are long.
      const words = drafted.text.replaceAll(/\n\s*# (?!TO DO:)/g, ' ');
      for (const pattern of says) expect(words).toMatch(pattern);
      if (layout === undefined) {
        expect(drafted.linted.text).toMatch(/– open {2}line \d+: /);
        return;
      }
      expect(drafted.layout).toBe(layout);
      const read = parseLayout(layout);
      if ('fault' in read) throw new Error(read.fault);
      const newest =
        Object.keys(files).findLast((name) => !not.includes(name) && !/\.(?:json|php)$/.test(name)) ?? '';
      expect(read.match(newest), newest).toBeDefined();
      for (const name of not) expect(read.match(name), name).toBeUndefined();
    },
  );

  it('every layout that is known was tried', () => {
    const tried = new Set(cases.map(({ whose }) => whose));
    expect(knownLayouts.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
  });
});
