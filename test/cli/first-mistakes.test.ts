import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureCodes } from '../../src/base/failure.ts';
import { thawHere } from '../parts/thaw.ts';

/**
 * What people do wrong in their first hour. Each ends in one sentence that says what and where, and one that leads on. What needs a real
 * PostgreSQL, a real store or Docker to be wrong (a wrong password, no such bucket, a wrong key, Docker that does not run) stands in
 * test/scenarios/bad-input.
 */
type Mistake = {
  readonly wrong: string;
  readonly line: string;
  /** Values of the environment; undefined takes one of the good ones away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A change of the good runbook, which is written under the name `changed`. */
  readonly change?: (runbook: string) => string;
  readonly status: number;
  /** What, and where. */
  readonly says: RegExp;
  /** The next thing to do. */
  readonly leads: RegExp;
};

const dump = `--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.3\n-- Dumped by pg_dump version 15.3\n\n${'SELECT 1;\n'.repeat(400)}--\n-- PostgreSQL database dump complete\n--\n`;

const runbook = `thaw: 1
name: shop
title: The shop
objectives: { rto: 30m, rpo: 1d }
inputs:
  DATABASE_URL: { about: URL of the database of the shop, secret: true }
  BACKUPS: { about: where the dumps are }
backups:
  store: { kind: directory, path: "\${BACKUPS}" }
  dumps: { layout: "{date}.sql.gz" }
production:
  database: { url: "\${DATABASE_URL}" }
steps:
  - kind: choose-snapshot
  - kind: fetch
  - kind: decrypt
  - kind: restore-database
`;

const files: Readonly<Record<string, string | Buffer>> = {
  'runbooks/shop.yaml': runbook,
  'shop.env': 'DATABASE_URL=postgresql://shop@127.0.0.1:1/shop\n',
  'empty.yaml': '',
  'docker-compose.yml': 'services:\n  web: { image: nginx }\n',
  'page.yaml': '<!DOCTYPE html>\n<html><body>Log in</body></html>\n',
  'dump.sql': dump,
  'dump.sql.gz': gzipSync(dump),
  'dump.zip': Buffer.from('PK\x03\x04\x14\0\0\0', 'latin1'),
  'backup.key': '-----BEGIN PGP PRIVATE KEY BLOCK-----\n',
  'backups/2026-11-27.sql.gz': gzipSync(dump, { level: 0 }),
  'html/2026-11-27.sql.gz': `<html><body>${'Sign in. '.repeat(200)}</body></html>`,
  'zipped/2026-11-27.sql.gz': Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), Buffer.alloc(3000, 7)]),
  'foreign/nightly-20261127.tar': Buffer.alloc(2000, 1),
};

const store = (field: string) => (text: string) =>
  text.replace(/store: .*/, `store: ${field}`).replace(/ {2}BACKUPS: .*\n/, '');

const mistakes: readonly Mistake[] = [
  {
    ...{ wrong: 'no operand', line: 'restore', status: 2 },
    says: /^thaw restore takes RUNBOOK\|ADDRESS; nothing was given\.$/m,
    leads: /Name a runbook: `thaw` shows those at hand, .* For example: thaw restore crm/,
  },
  {
    ...{ wrong: 'a drill of nothing', line: 'drill', status: 2 },
    says: /^thaw drill takes RUNBOOK; nothing was given\.$/m,
    leads: /Name a runbook: `thaw` shows those at hand/,
  },
  {
    ...{ wrong: 'two runbooks', line: 'lint shop crm', status: 2 },
    says: /^thaw lint takes RUNBOOK; it was given shop crm\.$/m,
    leads: /For example: thaw lint runbooks\/crm\.yaml/,
  },
  {
    ...{ wrong: 'a typo in a command', line: 'restor shop', status: 2 },
    says: /^There is no command restor\.$/m,
    leads: /Did you mean `thaw restore`\?/,
  },
  {
    ...{ wrong: 'a typo after help', line: 'help restor', status: 2 },
    says: /^There is no command restor\.$/m,
    leads: /Did you mean `thaw restore`\?/,
  },
  {
    ...{ wrong: 'a typo in an option', line: 'drill shop --enf-file shop.env', status: 2 },
    says: /^thaw drill has no option --enf-file\. Nothing was done\.$/m,
    leads: /Did you mean --env-file\? `thaw drill --help`/,
  },
  {
    ...{ wrong: 'a typo in an option before a command', line: '--enf-file shop.env', status: 2 },
    says: /^There is no option --enf-file\./m,
    leads: /Did you mean --env-file\?/,
  },
  {
    ...{ wrong: "another command's option", line: 'restore shop --dry-run', status: 2 },
    says: /^thaw restore has no option --dry-run\. Nothing was done\.$/m,
    leads: /--dry-run belongs to thaw prune\./,
  },
  {
    ...{ wrong: 'a value that is no time', line: 'drill shop --lost-at noon', status: 2 },
    says: /^--lost-at noon is not a time, for example 2026-04-28T14:48Z\.$/m,
    leads: /`thaw drill --help`/,
  },
  {
    ...{ wrong: 'a typo in a failure code', line: 'explain wrong-ky', status: 2 },
    says: /^There is no failure code wrong-ky\.$/m,
    leads: /Did you mean `thaw explain wrong-key`\?/,
  },
  {
    ...{ wrong: 'a runbook that does not exist', line: 'lint shpo', status: 2 },
    says: /^There is no runbook shpo; looked for shpo\.yaml in \S+\/runbooks, .*\/etc\/thaw/m,
    leads: /Did you mean shop\?/,
  },
  {
    ...{ wrong: 'the wrong folder', line: 'lint shop.yaml', status: 2 },
    says: /^There is no file \S+\/shop\.yaml\.$/m,
    leads: /Did you mean \S+\/runbooks\/shop\.yaml\?/,
  },
  {
    ...{ wrong: 'a folder as a runbook', line: 'lint ./runbooks', status: 2 },
    says: /^\S+\/runbooks is a folder, not a runbook\.$/m,
    leads: /Name one of those in it: \S+\/runbooks\/shop\.yaml/,
  },
  {
    ...{ wrong: 'a dump as a runbook', line: 'restore dump.sql.gz', status: 2 },
    says: /^\S+\/dump\.sql\.gz is a backup, not a runbook\.$/m,
    leads: /Give the runbook of its system: backups\.store/,
  },
  {
    ...{ wrong: 'a zip file as a runbook', line: 'restore dump.zip', status: 2 },
    says: /^\S+\/dump\.zip is a backup, not a runbook\.$/m,
    leads: /Give the runbook of its system/,
  },
  {
    ...{ wrong: 'plain SQL as a runbook', line: 'restore dump.sql', status: 2 },
    says: /^\S+\/dump\.sql is a backup, not a runbook\.$/m,
    leads: /Give the runbook of its system/,
  },
  {
    ...{ wrong: 'a Compose file as a runbook', line: 'restore docker-compose.yml', status: 2 },
    says: /^\S+\/docker-compose\.yml is a Compose file, not a runbook\.$/m,
    leads: /production\.services; docs\/write-your-own\.md/,
  },
  {
    ...{ wrong: 'an env file as a runbook', line: 'restore shop.env', status: 2 },
    says: /^\S+\/shop\.env is an env file, not a runbook\.$/m,
    leads: /this file behind --env-file/,
  },
  {
    ...{ wrong: 'a key as a runbook', line: 'restore backup.key', status: 2 },
    says: /^\S+\/backup\.key is a key, not a runbook\.$/m,
    leads: /backups\.key/,
  },
  {
    ...{ wrong: 'a login page as a runbook', line: 'restore page.yaml', status: 2 },
    says: /^\S+\/page\.yaml is a page of HTML, not a runbook\.$/m,
    leads: /fetch the runbook again/,
  },
  {
    ...{ wrong: 'an empty runbook', line: 'lint empty.yaml', status: 2 },
    says: /^\S+\/empty\.yaml is an empty file, not a runbook\.$/m,
    leads: /docs\/write-your-own\.md/,
  },
  {
    ...{ wrong: 'the URL of a database as a runbook', line: 'restore postgres://u:hush@h/db', status: 2 },
    says: /^postgres:\/\/h\/db is the address of a store or a server, not a runbook\.$/m,
    leads: /docs\/write-your-own\.md/,
  },
  {
    ...{ wrong: 'a typo in a key', line: 'lint ./changed.yaml', status: 2 },
    change: (text) => text.replace('steps:', 'step:'),
    says: /^ {2}line 13, the file: there is no key step here; did you mean steps\?$/m,
    leads: /Correct the file, then run `thaw lint`/,
  },
  {
    ...{ wrong: 'a typo in a kind', line: 'lint ./changed.yaml', status: 2 },
    change: (text) => text.replace('kind: fetch', 'kind: fecth'),
    says: /^ {2}line 15, steps\.1\.kind: there is no kind fecth; did you mean fetch\?$/m,
    leads: /Correct the file, then run `thaw lint`/,
  },
  {
    ...{ wrong: 'a restic store', line: 'lint ./changed.yaml', status: 2 },
    change: store('{ kind: restic, repository: /srv/restic }'),
    says: /line 8, backups\.store\.kind: there is no kind restic; its own program brings the dumps .* into a folder/,
    leads: /Correct the file/,
  },
  {
    ...{ wrong: 'a store by the name people call it', line: 'lint ./changed.yaml', status: 2 },
    change: store('{ kind: minio, bucket: shop }'),
    says: /there is no kind minio; did you mean s3\?/,
    leads: /Correct the file/,
  },
  {
    ...{ wrong: 'a tab in YAML', line: 'lint ./changed.yaml', status: 2 },
    change: (text) => text.replace('  database:', '\tdatabase:'),
    says: /^ {2}line 12 is indented with a tab, and YAML takes only blanks$/m,
    leads: /Correct the file/,
  },
  {
    ...{ wrong: 'a placeholder nobody declared', line: 'lint ./changed.yaml', status: 2 },
    change: (text) => text.replace(/ {2}BACKUPS: .*\n/, ''),
    says: /^ {2}\$\{BACKUPS\} is used but not declared under inputs\.$/m,
    leads: /Correct the file/,
  },
  {
    ...{ wrong: 'a step that lacks another', line: 'lint ./changed.yaml', status: 2 },
    change: (text) => text.replace('  - kind: decrypt\n', ''),
    says: /^ {2}restore-database must come after decrypt\.$/m,
    leads: /Correct the file/,
  },
  {
    ...{ wrong: 'a missing value', line: 'check shop', env: { BACKUPS: undefined }, status: 4 },
    says: /^One value is missing: BACKUPS \(where the dumps are\)\.$/m,
    leads: /Set it in the environment, or in a file given with --env-file/,
  },
  {
    ...{ wrong: 'an env file that is not there', line: 'check shop --env-file prod.env', status: 2 },
    says: /^There is no env file prod\.env\.$/m,
    leads: /Give the path of an existing file/,
  },
  {
    ...{ wrong: 'an env file that is a folder', line: 'check shop --env-file FOLDER/backups', status: 2 },
    says: /^The env file \S+\/backups is a folder\.$/m,
    leads: /Give the path of the file in it/,
  },
  {
    ...{ wrong: 'a mysql:// URL', line: 'check shop', status: 3 },
    env: { DATABASE_URL: 'mysql://root:hush@127.0.0.1/shop' },
    says: /✗ blocks .*The database URL cannot be used\. It is of mysql, and thaw restores PostgreSQL alone\.$/m,
    leads: /Write it as postgresql:\/\//,
  },
  {
    ...{ wrong: 'a URL in quotes', line: 'check shop', status: 3 },
    env: { DATABASE_URL: '"postgresql://shop:hush@127.0.0.1:1/shop"' },
    says: /✗ blocks .*It stands in quotes, which belong to a shell/m,
    leads: /Write it as postgresql:\/\//,
  },
  {
    ...{ wrong: 'an http:// URL of a database', line: 'check shop', status: 3 },
    env: { DATABASE_URL: 'http://127.0.0.1:5432/shop' },
    says: /✗ blocks .*It begins with http:\/\/, not with postgresql:\/\/\.$/m,
    leads: /Write it as postgresql:\/\//,
  },
  {
    ...{ wrong: 'a wrong port', line: 'check shop', status: 3 },
    says: /✗ blocks .*the server on 127\.0\.0\.1:1: nothing answers at 127\.0\.0\.1:1\.$/m,
    leads: /Check that the server runs and that host and port/,
  },
  {
    ...{ wrong: 'a folder of backups that is not there', line: 'snapshots shop', status: 1 },
    env: { BACKUPS: '/nowhere/backups' },
    says: /^Cannot open the folder \/nowhere\/backups: there is no such file or folder\.$/m,
    leads: /Mount or create \/nowhere\/backups, or correct the path/,
  },
  {
    ...{ wrong: 'backups that fit no layout', line: 'snapshots shop', env: { BACKUPS: 'FOLDER/foreign' } },
    status: 1,
    says: /^There is no snapshot in \S+\/foreign: none of 1 objects .* fits \{date\}\.sql\.gz\.$/m,
    leads: /Compare the layout with what is there: nightly-20261127\.tar/,
  },
  {
    ...{ wrong: 'an empty store', line: 'snapshots shop', env: { BACKUPS: 'FOLDER/empty' }, status: 1 },
    says: /^There is no snapshot in \S+\/empty: none of 0 objects/m,
    leads: /Check the bucket and the prefix in the runbook/,
  },
  {
    ...{ wrong: 'a dump that is HTML', line: 'verify shop', env: { BACKUPS: 'FOLDER/html' }, status: 1 },
    says: /✗ failed .*2026-11-27 does not open\. The content is a page of HTML or XML/,
    leads: /Choose another snapshot, and look at the download/,
  },
  {
    ...{ wrong: 'a dump in a zip file', line: 'verify shop', env: { BACKUPS: 'FOLDER/zipped' }, status: 1 },
    says: /✗ failed .*The content is a zip archive, which thaw does not open\./,
    leads: /unzip -p FILE > FILE\.dump/,
  },
  {
    ...{ wrong: 'a snapshot that is not there', line: 'verify shop --snapshot 2020-01-01', status: 1 },
    says: /^There is no snapshot 2020-01-01\.$/m,
    leads: /Look at `thaw snapshots`/,
  },
  {
    ...{ wrong: 'https for http', line: 'snapshots ./changed.yaml', status: 1 },
    change: store('{ kind: s3, endpoint: "https://127.0.0.1:HTTP", bucket: b, accessKey: a, secretKey: s }'),
    says: /^Cannot list s3:\/\/b\/: 127\.0\.0\.1:\d+ does not speak TLS as expected\.$/m,
    leads: /begins with http:\/\/ or https:\/\//,
  },
  {
    ...{ wrong: 'http for https', line: 'snapshots ./changed.yaml', status: 1 },
    change: store('{ kind: s3, endpoint: "http://127.0.0.1:TLS", bucket: b, accessKey: a, secretKey: s }'),
    says: /^Cannot list s3:\/\/b\/: 127\.0\.0\.1:\d+ /m,
    leads: /begins with http:\/\/ or https:\/\//,
  },
];

let folder: string;
const plain = createServer((_, response) => response.end('hello'));
/** What a TLS server answers to a request that is none of TLS: a fatal alert, unexpected_message. */
const tls = createTcpServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => socket.end(Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x0a])));
});
const portOf = (server: typeof tls) => String((server.address() as AddressInfo).port);

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'thaw-mistakes-')));
  for (const name of ['runbooks', 'backups', 'html', 'zipped', 'foreign', 'empty'])
    await mkdir(join(folder, name));
  for (const [path, content] of Object.entries(files)) await writeFile(join(folder, path), content);
  for (const server of [plain, tls])
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  plain.close();
  tls.close();
  await rm(folder, { recursive: true, force: true });
});

async function make({ line, env = {}, change }: Mistake) {
  const fill = (text: string) =>
    text
      .replaceAll('FOLDER', folder)
      .replace(':HTTP', `:${portOf(plain)}`)
      .replace(':TLS', `:${portOf(tls)}`);
  if (change !== undefined) await writeFile(join(folder, 'changed.yaml'), fill(change(runbook)));
  const given = {
    DATABASE_URL: 'postgresql://shop:hush@127.0.0.1:1/shop',
    BACKUPS: 'FOLDER/backups',
    ...env,
  };
  return thawHere({
    args: fill(line).split(' '),
    cwd: folder,
    env: Object.fromEntries(
      Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, fill(value)]])),
    ),
  });
}

describe('A first mistake', () => {
  it.each(mistakes.map((one) => [one.wrong, one] as const))('%s', async (_, one) => {
    const end = await make(one);
    expect(end, end.text).toMatchObject({ status: one.status });
    expect(end.text).toMatch(one.says);
    expect(
      end.text
        .split('\n')
        .filter((line) => line.includes('→ '))
        .join('\n'),
      end.text,
    ).toMatch(one.leads);
    expect(end.text).not.toContain('hush');
    const code = /^ {2}more: thaw explain (\S+)$/m.exec(end.text)?.[1];
    const isReport = /^(check|verify) /.test(one.line) && code === undefined;
    // A report lists what passed as well; whatever ends a command ends it with one failure, one remedy and its code.
    if (isReport) expect(end.text.match(/^✗ blocks/gm)?.length ?? 1, end.text).toBe(1);
    else {
      expect(failureCodes, end.text).toContain(code);
      expect(end.text.match(/^→ /gm), end.text).toHaveLength(1);
    }
  });

  it('is one of more kinds than people make in a first hour', () => {
    expect(new Set(mistakes.map(({ wrong }) => wrong)).size).toBeGreaterThanOrEqual(40);
  });
});
