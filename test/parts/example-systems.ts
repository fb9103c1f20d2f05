import { createHash, randomBytes } from 'node:crypto';
import { sealAsCbc, sealAsCryptojs, sealAsGitea, sealAsNextcloud, sealAsRails } from './sealed-values.ts';

/**
 * The systems of docs/examples, small: the tables that matter by their own names and shapes, a few rows, files where the rows say they
 * are, and a backup by the commands that stand at the head of the example.
 */
export type ExampleSystem = {
  /** docs/examples/NAME.yaml */
  readonly name: string;
  /** The service of Compose that holds its database, or a server of the host. */
  readonly server: 'postgres' | 'database' | 'db' | 'host';
  /** Its database and the role that owns it; named alike but for one. */
  readonly database: string;
  readonly role: string;
  /** As that role. */
  readonly sql: readonly string[];
  /** As a superuser, before. */
  readonly extensions?: readonly string[];
  /** Of its folder, by path: what they hold. */
  readonly files: Readonly<Record<string, string>>;
  /**
   * Run by bash in the folder of the live files, with $DAY (2026-11-19), $COMPACT (20261119T020000), $BACKUPS, $COMPOSE (docker compose with
   * its file), and PGHOST and PGPORT of a server of the host.
   */
  readonly backup: string;
  /** Values of the example's inputs; LIVE and BACKUPS in them stand for these folders. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Checks of the record, each whole. */
  readonly expect: readonly string[];
  /** Further snapshots that are drilled, by a part of their key. */
  readonly older?: readonly string[];
};

const word = () => randomBytes(24).toString('base64url');
const hex = (name: 'sha256' | 'md5', text: string) => createHash(name).update(text).digest();
const bytea = (bytes: Buffer) => `'\\x${bytes.toString('hex')}'`;
const rows = (count: number, row: (number: number) => string) =>
  Array.from({ length: count }, (_, index) => `(${row(index + 1)})`).join(', ');
const insideOf = (service: string) => `$COMPOSE exec -T ${service}`;
/** The test's image listens there; the official one also at a socket, which is the default. */
const there = '-h 127.0.0.1';

function n8n(): ExampleSystem {
  const key = word();
  const credential = (number: number) => sealAsCryptojs(JSON.stringify({ apiKey: `key ${number}` }), key);
  return {
    name: 'n8n',
    server: 'postgres',
    database: 'n8n',
    role: 'n8n',
    extensions: ['CREATE EXTENSION "uuid-ossp"'],
    sql: [
      `CREATE TABLE "user" (id uuid PRIMARY KEY DEFAULT uuid_in(overlay(overlay(md5(random()::text || ':' || clock_timestamp()::text) placing '4' from 13) placing to_hex((floor(random() * 4) + 8)::int) from 17)::cstring),
        email varchar(255) UNIQUE, password varchar(255), "createdAt" timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3))`,
      `CREATE TABLE workflow_entity (id varchar(36) PRIMARY KEY, name varchar(128) NOT NULL, active boolean NOT NULL, nodes json NOT NULL,
        connections json NOT NULL, "updatedAt" timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3))`,
      'CREATE TABLE credentials_entity (id varchar(36) PRIMARY KEY, name varchar(128) NOT NULL, data text NOT NULL, type varchar(128) NOT NULL)',
      'CREATE TABLE execution_entity (id serial PRIMARY KEY, finished boolean NOT NULL, "workflowId" varchar(36) REFERENCES workflow_entity ON DELETE CASCADE)',
      `INSERT INTO "user" (email, password) VALUES ('owner@example.org', '$2a$10$abc')`,
      `INSERT INTO workflow_entity VALUES ${rows(3, (i) => `'wf${i}', 'flow ${i}', true, '[]', '{}'`)}`,
      `INSERT INTO credentials_entity VALUES ${rows(4, (i) => `'c${i}', 'cred ${i}', '${credential(i)}', 'httpHeaderAuth'`)}`,
      `INSERT INTO execution_entity (finished, "workflowId") SELECT true, 'wf1' FROM generate_series(1, 50)`,
    ],
    files: { config: `{\n\t"encryptionKey": "${key}"\n}`, 'nodes/package.json': '{}' },
    backup: `${insideOf('postgres')} pg_dump ${there} -U n8n -Fc n8n > $BACKUPS/n8n-$DAY.dump
      tar -czf $BACKUPS/dot-n8n-$DAY.tar.gz -C . .`,
    inputs: { N8N_BACKUPS: 'BACKUPS', N8N_FOLDER: 'LIVE' },
    expect: ['verify-secrets passed: credentials: encryptionKey decrypts 4 of 4 rows'],
  };
}

function immich(): ExampleSystem {
  const user = '9f1c1f0e-0000-4000-8000-000000000001';
  const path = (i: number) => `upload/${user}/ab/cd/photo-${i}.jpg`;
  return {
    name: 'immich',
    server: 'database',
    database: 'immich',
    role: 'postgres',
    extensions: ['"uuid-ossp"', 'unaccent', 'cube', 'earthdistance', 'pg_trgm'].map(
      (name) => `CREATE EXTENSION ${name}`,
    ),
    sql: [
      `CREATE FUNCTION f_unaccent(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT unaccent('unaccent', $1) $$`,
      'CREATE TABLE "user" (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), email text UNIQUE, "isAdmin" boolean NOT NULL DEFAULT false, "createdAt" timestamptz NOT NULL DEFAULT now(), "deletedAt" timestamptz)',
      `CREATE TABLE asset (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), "ownerId" uuid NOT NULL REFERENCES "user" ON UPDATE CASCADE ON DELETE CASCADE, "originalPath" text NOT NULL,
        "originalFileName" text NOT NULL, "isExternal" boolean NOT NULL DEFAULT false, checksum bytea NOT NULL, "createdAt" timestamptz NOT NULL DEFAULT now(), "deletedAt" timestamptz)`,
      'CREATE INDEX "asset_originalFilename_trigram_idx" ON asset USING gin (f_unaccent("originalFileName") gin_trgm_ops)',
      'CREATE TABLE asset_exif ("assetId" uuid PRIMARY KEY REFERENCES asset ON DELETE CASCADE, latitude float8, longitude float8, city text)',
      'CREATE INDEX "IDX_geodata_gist_earthcoord" ON asset_exif USING gist (ll_to_earth(latitude, longitude))',
      `INSERT INTO "user" (id, email, "isAdmin") VALUES ('${user}', 'admin@example.org', true)`,
      `INSERT INTO asset ("ownerId", "originalPath", "originalFileName", "isExternal", checksum) VALUES ${rows(5, (i) => `'${user}', '/data/${path(i)}', 'Crème ${i}.jpg', false, '\\x0${i}'`)},
        ('${user}', '/mnt/old/1.jpg', '1.jpg', true, '\\x09')`,
      'INSERT INTO asset_exif SELECT id, 48.1, 11.5, originalpath FROM (SELECT id, "originalPath" AS originalpath FROM asset) AS a',
    ],
    files: {
      ...Object.fromEntries([1, 2, 3, 4, 5].map((i) => [path(i), `photo ${i}`])),
      'thumbs/.immich': '',
      'backups/.immich': '',
    },
    // What Immich itself runs in its container since 2.5; before, and by hand in its instructions, it is pg_dumpall.
    backup: `${insideOf('database')} pg_dumpall ${there} --clean --if-exists --username=postgres | gzip > backups/immich-db-backup-\${OLDER}-v1.136.0-pg14.17.sql.gz
      ${insideOf('database')} pg_dump ${there} --username postgres immich --clean --if-exists | gzip > backups/immich-db-backup-\${COMPACT}-v2.5.2-pg14.19.sql.gz
      cp -a ./. $BACKUPS/`,
    inputs: { IMMICH_BACKUP: 'BACKUPS', UPLOAD_LOCATION: 'LIVE' },
    expect: [
      'smoke-checklist passed: Every photo of the database is there: all 5 rows have their object; 4 objects are named by none of them',
    ],
    older: ['v1.136.0'],
  };
}

function mastodon(): ExampleSystem {
  const [password, salt] = [word(), word()];
  const secret = (text: string) => sealAsRails(text, { password, salt, digest: 'sha256' });
  const id = (i: number) => `11600000000000000${i}`;
  const env = {
    ...{ LOCAL_DOMAIN: 'example.org', SECRET_KEY_BASE: word(), OTP_SECRET: word() },
    ...{ VAPID_PRIVATE_KEY: word(), VAPID_PUBLIC_KEY: word() },
    ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: password,
    ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: word(),
    ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: salt,
  };
  return {
    name: 'mastodon',
    server: 'host',
    database: 'mastodon_production',
    role: 'mastodon',
    sql: [
      `CREATE FUNCTION timestamp_id(table_name text) RETURNS bigint LANGUAGE plpgsql AS $$
        BEGIN RETURN ((date_part('epoch', now()) * 1000)::bigint << 16) | (nextval(table_name || '_id_seq') & 65535); END $$`,
      ...['accounts', 'statuses', 'media_attachments'].map((name) => `CREATE SEQUENCE ${name}_id_seq`),
      "CREATE TABLE accounts (id bigint PRIMARY KEY DEFAULT timestamp_id('accounts'), username varchar NOT NULL DEFAULT '', domain varchar, created_at timestamp NOT NULL DEFAULT now())",
      "CREATE UNIQUE INDEX index_accounts_on_username_and_domain_lower ON accounts (lower(username), COALESCE(lower(domain), ''))",
      "CREATE TABLE statuses (id bigint PRIMARY KEY DEFAULT timestamp_id('statuses'), account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, text text NOT NULL DEFAULT '', created_at timestamp NOT NULL DEFAULT now())",
      'CREATE TABLE users (id bigserial PRIMARY KEY, email varchar NOT NULL, account_id bigint NOT NULL REFERENCES accounts, otp_secret varchar, otp_required_for_login boolean NOT NULL DEFAULT false)',
      "CREATE TABLE media_attachments (id bigint PRIMARY KEY DEFAULT timestamp_id('media_attachments'), status_id bigint REFERENCES statuses, file_file_name varchar, remote_url varchar NOT NULL DEFAULT '')",
      'CREATE MATERIALIZED VIEW instances AS SELECT domain, count(*) AS accounts_count FROM accounts WHERE domain IS NOT NULL GROUP BY domain',
      'CREATE UNIQUE INDEX index_instances_on_domain ON instances (domain)',
      "INSERT INTO accounts (username, domain) VALUES ('admin', NULL), ('b', NULL), ('far', 'elsewhere.example')",
      'INSERT INTO statuses (account_id, text) SELECT id, username FROM accounts, generate_series(1, 20)',
      `INSERT INTO users (email, account_id, otp_secret, otp_required_for_login) SELECT username, id, CASE username WHEN 'admin' THEN '${secret('JBSWY3DPEHPK3PXP')}' END, username = 'admin' FROM accounts WHERE domain IS NULL`,
      `INSERT INTO media_attachments (id, file_file_name) VALUES ${rows(3, (i) => `${id(i)}, '${i}.png'`)}`,
      "INSERT INTO media_attachments (file_file_name, remote_url) VALUES ('x.png', 'https://elsewhere.example/x.png')",
      'REFRESH MATERIALIZED VIEW instances',
    ],
    files: {
      '.env.production': Object.entries(env)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
      ...Object.fromEntries(
        [1, 2, 3].map((i) => [
          `public/system/media_attachments/files/116/000/000/000/000/00${i}/original/${i}.png`,
          `${i}`,
        ]),
      ),
    },
    backup: `mkdir $BACKUPS/$DAY
      pg_dump -U mastodon -Fc mastodon_production -f $BACKUPS/$DAY/backup.dump
      cp -a public/system $BACKUPS/$DAY/system`,
    inputs: {
      ...{ MASTODON_BACKUPS: 'BACKUPS', MASTODON_LIVE: 'LIVE' },
      MASTODON_ENV_FILE: 'LIVE/.env.production',
    },
    expect: [
      'verify-secrets passed: second factors: ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY decrypts 1 of 1 rows',
      'smoke-checklist passed: Every attachment of this server is there: all 3 rows have their object; 0 objects are named by none of them',
    ],
  };
}

function nextcloud(): ExampleSystem {
  const secret = `+/${word()}'`;
  const php = (text: string) => text.replaceAll("'", "\\'");
  return {
    name: 'nextcloud',
    server: 'host',
    database: 'nextcloud',
    role: 'nextcloud',
    sql: [
      'CREATE TABLE oc_users (uid varchar(64) PRIMARY KEY, displayname varchar(64), password varchar(255))',
      'CREATE TABLE oc_storages (id varchar(64), numeric_id bigserial PRIMARY KEY, available int NOT NULL DEFAULT 1)',
      'CREATE TABLE oc_mimetypes (id bigserial PRIMARY KEY, mimetype varchar(255) NOT NULL)',
      `CREATE TABLE oc_filecache (fileid bigserial PRIMARY KEY, storage bigint NOT NULL DEFAULT 0, path varchar(4000), path_hash varchar(32) NOT NULL DEFAULT '', parent bigint NOT NULL DEFAULT 0,
        name varchar(250), mimetype bigint NOT NULL DEFAULT 0, size bigint NOT NULL DEFAULT 0)`,
      'CREATE UNIQUE INDEX fs_storage_path_hash ON oc_filecache (storage, path_hash)',
      'CREATE TABLE oc_appconfig (appid varchar(32), configkey varchar(64), configvalue text, PRIMARY KEY (appid, configkey))',
      'CREATE TABLE oc_twofactor_totp_secrets (id bigserial PRIMARY KEY, user_id varchar(64) NOT NULL, secret text NOT NULL, state smallint NOT NULL DEFAULT 2)',
      "INSERT INTO oc_users VALUES ('ada', 'Ada', '3|$argon2id$x')",
      "INSERT INTO oc_storages (id) VALUES ('home::ada'), ('local::/var/www/nextcloud/data/')",
      "INSERT INTO oc_mimetypes (mimetype) VALUES ('httpd/unix-directory'), ('text/plain')",
      `INSERT INTO oc_filecache (storage, path, path_hash, mimetype) SELECT 1, p, md5(p), CASE WHEN p LIKE '%.txt' THEN 2 ELSE 1 END FROM unnest(ARRAY['files', 'files/Ordner', 'files/Ordner/a b.txt', 'files/ä.txt', 'files_trashbin']) AS p`,
      "INSERT INTO oc_appconfig VALUES ('core', 'vendor', 'nextcloud')",
      `INSERT INTO oc_twofactor_totp_secrets (user_id, secret) VALUES ('ada', '${sealAsNextcloud('JBSWY3DPEHPK3PXP', secret, '3')}')`,
    ],
    files: {
      'config/config.php': `<?php
$CONFIG = array (
  'instanceid' => 'oc1234567890',
  'passwordsalt' => '${word()}',
  'secret' => '${php(secret)}',
  'trusted_domains' =>
  array (
    0 => 'cloud.example.org',
  ),
  'dbtype' => 'pgsql',
  'dbname' => 'nextcloud',
  'dbuser' => 'nextcloud',
  'dbpassword' => '${word()}',
  'maintenance' => true,
);
`,
      occ: '#!/usr/bin/env php',
      'themes/README': '',
      'data/ada/files/Ordner/a b.txt': 'a b',
      'data/ada/files/ä.txt': 'ä',
      'data/ada/files_trashbin/versions/x': '',
    },
    backup: `cp -a . $BACKUPS/nextcloud-dirbkp_\${DAY//-/}
      pg_dump nextcloud -U nextcloud -f $BACKUPS/nextcloud-sqlbkp_\${DAY//-/}.bak`,
    inputs: { NEXTCLOUD_BACKUPS: 'BACKUPS', NEXTCLOUD_FOLDER: 'LIVE', NEXTCLOUD_URL: 'http://127.0.0.1:9' },
    expect: [
      'verify-secrets passed: second factors: secret decrypts 1 of 1 rows',
      'smoke-checklist passed: Every file of the database is there: all 2 rows have their object; 4 objects are named by none of them',
    ],
  };
}

function paperless(): ExampleSystem {
  return {
    name: 'paperless-ngx',
    server: 'db',
    database: 'paperless',
    role: 'paperless',
    sql: [
      'CREATE TABLE auth_user (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, username varchar(150) NOT NULL UNIQUE, password varchar(128) NOT NULL)',
      'CREATE TABLE documents_tag (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name varchar(128) NOT NULL, owner_id int REFERENCES auth_user DEFERRABLE INITIALLY DEFERRED)',
      `CREATE TABLE documents_document (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, title varchar(128) NOT NULL, content text NOT NULL, checksum varchar(32) NOT NULL UNIQUE,
        added timestamptz NOT NULL DEFAULT now(), filename varchar(1024) UNIQUE, archive_filename varchar(1024) UNIQUE)`,
      'CREATE TABLE documents_document_tags (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, document_id int NOT NULL REFERENCES documents_document DEFERRABLE INITIALLY DEFERRED, tag_id int NOT NULL REFERENCES documents_tag DEFERRABLE INITIALLY DEFERRED)',
      "INSERT INTO auth_user (username, password) VALUES ('admin', 'pbkdf2_sha256$1$x$y')",
      "INSERT INTO documents_tag (name, owner_id) VALUES ('Steuer', 1)",
      `INSERT INTO documents_document (title, content, checksum, filename, archive_filename) VALUES ${rows(4, (i) => `'Rechnung ${i}', 'Betrag', '${i}', '000000${i}.pdf', ${i % 2 === 0 ? `'000000${i}.pdf'` : 'NULL'}`)}`,
      'INSERT INTO documents_document_tags (document_id, tag_id) VALUES (1, 1), (2, 1)',
    ],
    files: {
      'docker-compose.env': `PAPERLESS_SECRET_KEY=${word()}\nPAPERLESS_TIME_ZONE=Europe/Berlin\n`,
      ...Object.fromEntries([1, 2, 3, 4].map((i) => [`media/documents/originals/000000${i}.pdf`, `${i}`])),
      ...Object.fromEntries([2, 4].map((i) => [`media/documents/archive/000000${i}.pdf`, `${i}a`])),
      'media/documents/thumbnails/0000001.webp': 't',
      'data/index/segment': 'index',
    },
    backup: `${insideOf('db')} pg_dump ${there} -U paperless paperless | gzip > $BACKUPS/paperless-$DAY.sql.gz
      for volume in media data; do tar -czf $BACKUPS/paperless_$volume-$DAY.tar.gz -C $volume .; done`,
    inputs: {
      ...{ PAPERLESS_BACKUPS: 'BACKUPS', PAPERLESS_ENV_FILE: 'LIVE/docker-compose.env' },
      ...{ PAPERLESS_MEDIA: 'LIVE/media', PAPERLESS_DATA: 'LIVE/data' },
    },
    expect: [
      'smoke-checklist passed: Every document has its original, and its archived version where there is one: all 6 rows have their object; every object below documents/originals/ is named by a row',
    ],
  };
}

function gitea(): ExampleSystem {
  const key = word();
  const factor = (text: string) => sealAsGitea(text, hex('md5', key)).toString('base64');
  const uuid = 'ab0c1f0e-0000-4000-8000-000000000002';
  return {
    name: 'gitea',
    server: 'db',
    database: 'gitea',
    role: 'gitea',
    sql: [
      'CREATE TABLE "user" (id bigserial PRIMARY KEY, lower_name varchar(255) NOT NULL UNIQUE, name varchar(255) NOT NULL UNIQUE, passwd varchar(255) NOT NULL, is_admin boolean)',
      'CREATE TABLE repository (id bigserial PRIMARY KEY, owner_id bigint, owner_name varchar(255), lower_name varchar(255) NOT NULL, name varchar(255) NOT NULL)',
      'CREATE TABLE issue (id bigserial PRIMARY KEY, repo_id bigint, "index" bigint, name varchar(255), content text)',
      'CREATE TABLE attachment (id bigserial PRIMARY KEY, uuid uuid UNIQUE, repo_id bigint, name varchar(255))',
      'CREATE TABLE two_factor (id bigserial PRIMARY KEY, uid bigint UNIQUE, secret varchar(255), scratch_salt varchar(255))',
      `INSERT INTO "user" (lower_name, name, passwd, is_admin) VALUES ('ada', 'Ada', 'x', true)`,
      "INSERT INTO repository (owner_id, owner_name, lower_name, name) VALUES (1, 'Ada', 'engine', 'Engine'), (1, 'Ada', 'notes', 'Notes')",
      'INSERT INTO issue (repo_id, "index", name) SELECT 1, i, i::text FROM generate_series(1, 30) i',
      `INSERT INTO attachment (uuid, repo_id, name) VALUES ('${uuid}', 1, 'picture.png')`,
      `INSERT INTO two_factor (uid, secret) VALUES (1, '${factor('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP')}')`,
    ],
    files: {
      'gitea/conf/app.ini': `APP_NAME = Forge\n\n[security]\nINSTALL_LOCK = true\nSECRET_KEY = ${key}\nINTERNAL_TOKEN = ${word()}\n`,
      'git/repositories/ada/engine.git/HEAD': 'ref: refs/heads/main\n',
      'git/repositories/ada/notes.git/HEAD': 'ref: refs/heads/main\n',
      [`gitea/attachments/a/b/${uuid}`]: 'png',
    },
    backup: `mkdir $BACKUPS/$DAY
      ${insideOf('db')} pg_dump ${there} -U gitea gitea > $BACKUPS/$DAY/gitea-db.sql
      tar -czf $BACKUPS/$DAY/gitea-data.tar.gz -C . .`,
    inputs: { GITEA_BACKUPS: 'BACKUPS', GITEA_DATA: 'LIVE' },
    expect: [
      'verify-secrets passed: second factors: security.SECRET_KEY decrypts 1 of 1 rows',
      'smoke-checklist passed: Every repository and every attachment is there: all 3 rows have their object; 1 objects are named by none of them',
    ],
  };
}

function outline(): ExampleSystem {
  const key = randomBytes(32);
  const token = (i: number) => bytea(sealAsCbc(JSON.stringify(`token ${i}`), key));
  const env = { URL: 'https://wiki.example.org', DATABASE_URL: 'postgres://outline@postgres/outline' };
  return {
    name: 'outline',
    server: 'postgres',
    database: 'outline',
    role: 'outline',
    sql: [
      ...['uuid-ossp', 'pg_trgm'].map((name) => `CREATE EXTENSION "${name}"`),
      'CREATE TABLE users (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), email varchar(255), "createdAt" timestamptz NOT NULL DEFAULT now())',
      'CREATE TABLE collections (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), name varchar(255), "documentStructure" jsonb, "createdAt" timestamptz NOT NULL DEFAULT now())',
      `CREATE TABLE documents (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), "urlId" varchar(255) NOT NULL UNIQUE, title varchar(255) NOT NULL, text text, state bytea, "searchVector" tsvector,
        "collectionId" uuid REFERENCES collections, "createdAt" timestamptz NOT NULL DEFAULT now(), "deletedAt" timestamptz)`,
      `CREATE FUNCTION documents_search_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        new."searchVector" := setweight(to_tsvector('english', coalesce(new.title, '')), 'A'); RETURN new; END $$`,
      'CREATE TRIGGER documents_tsvectorupdate BEFORE INSERT OR UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION documents_search_trigger()',
      'CREATE INDEX documents_title_trgm ON documents USING gin (title gin_trgm_ops)',
      'CREATE TABLE attachments (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), key varchar(4096) NOT NULL, size bigint NOT NULL, acl varchar(255) NOT NULL, "createdAt" timestamptz NOT NULL DEFAULT now())',
      'CREATE TABLE user_authentications (id uuid PRIMARY KEY DEFAULT uuid_generate_v4(), "userId" uuid REFERENCES users, "accessToken" bytea)',
      "INSERT INTO users (email) VALUES ('ada@example.org'), ('b@example.org')",
      "INSERT INTO collections (name) VALUES ('Welcome')",
      `INSERT INTO documents ("urlId", title, "collectionId") SELECT 'u' || i, 'Page ' || i, id FROM collections, generate_series(1, 12) i`,
      `INSERT INTO attachments (key, size, acl) VALUES ${rows(3, (i) => `'uploads/ada/${i}/picture.png', 9, 'private'`)}`,
      `INSERT INTO user_authentications ("userId", "accessToken") SELECT id, CASE email WHEN 'ada@example.org' THEN ${token(1)}::bytea ELSE ${token(2)}::bytea END FROM users`,
    ],
    files: {
      '.env': Object.entries({ ...env, SECRET_KEY: key.toString('hex'), UTILS_SECRET: word() })
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
      ...Object.fromEntries([1, 2, 3].map((i) => [`bucket/uploads/ada/${i}/picture.png`, `picture ${i}`])),
    },
    backup: `${insideOf('postgres')} pg_dump ${there} -U outline -Fc outline > $BACKUPS/outline-$DAY.dump
      cp -a bucket $BACKUPS/attachments`,
    inputs: { OUTLINE_ENV_FILE: 'LIVE/.env' },
    expect: [
      'verify-secrets passed: tokens of the login: SECRET_KEY decrypts 2 of 2 rows',
      'smoke-checklist passed: Every attachment is there: all 3 rows have their object; 0 objects are named by none of them',
    ],
  };
}

export const exampleSystems: readonly ExampleSystem[] = [
  ...[n8n(), immich(), mastodon(), nextcloud()],
  ...[paperless(), gitea(), outline()],
];
