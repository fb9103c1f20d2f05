import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { newestRun } from '../parts/run-log.ts';
import { shopRunbook } from '../parts/shop-runbook.ts';
import { thawHere } from '../parts/thaw.ts';
import { forgeArchive } from './forge-archive.ts';

/**
 * Names and messages from outside speak to the terminal, turn the direction of what is read, or look like a line of thaw. Remains: signs that
 * only look alike (a Cyrillic а for a Latin a); the journal keeps the text as it was, escaped as JSON escapes it.
 */

let cluster: TestCluster;
let folder = '';
const at = (name: string) => join(folder, name);

const verdict = '[restore-database] passed: all of it';
const link = '](javascript:alert(1))![p](http://127.0.0.1/p.png)';
const names = [`a\n${verdict}`, `b\u001b[2J\u001b]0;title\u0007\u202egnp`, link, 'c\r\u2028\u009b2J*d*'];
const key = `k\n12:00:00 ${verdict}\u001b[1A\u202e.png`;

const sqlName = (name: string) => `U&"${Array.from(name, (sign) => escaped(sign)).join('')}"`;
const escaped = (sign: string) => `\\+${sign.codePointAt(0)?.toString(16).padStart(6, '0')}`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-text-'));
  cluster = await startTestCluster();
  await cluster.sql('postgres', 'CREATE DATABASE shop');
  await cluster.sql('shop', 'CREATE TABLE orders (id int)', 'INSERT INTO orders VALUES (1)');
  for (const name of names) await cluster.sql('shop', `CREATE TABLE ${sqlName(name)} (id int)`);
  for (const name of ['store/files', 'live', 'drill']) mkdirSync(at(name), { recursive: true });
  writeFileSync(at(`store/files/${encodeURIComponent('plain.png')}`), 'x');
  writeFileSync(at(`store/files/${key.replaceAll('/', '')}`), 'x');
  writeFileSync(
    at('shop.yaml'),
    shopRunbook({
      store: at('store'),
      backups: { objects: { prefix: 'files/' } },
      production: { objects: { kind: 'directory', path: at('live') } },
      drill: { objects: { kind: 'directory', path: at('drill') } },
      before: [{ kind: 'mirror-objects' }],
    }),
  );
});
afterAll(async () => {
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function drill(statements: string, ...more: readonly string[]) {
  const content = await forgeArchive({
    binFolder: cluster.binFolder,
    url: cluster.urlOf('shop'),
    sql: (statement) => cluster.sql('shop', statement),
    statements,
  });
  writeFileSync(at('store/shop-2026-11-19.dump'), content);
  return run('drill', at('shop.yaml'), '--snapshot', 'latest', ...more);
}

const run = (...args: readonly string[]) =>
  thawHere({
    args: [...args, '--log-dir', at('logs')],
    env: { HOME: folder, LIVE: cluster.urlOf('shop') },
    cwd: folder,
  });

/** Everything but a line break, and what only JSON may keep: a direction mark or a control that was written out. */
const acting = /[^\P{Cc}\n]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** A line that begins, behind clock and step, as a verdict of thaw does. */
const forged = /^(\d\d:\d\d:\d\d )?\[restore-database\] passed: all of it/m;

const messages = {
  'names alone': 'SELECT 1;',
  'a notice': `DO $$ BEGIN RAISE NOTICE E'x\\n${verdict}\\x1b[2J\\u202e'; END $$;`,
  'an error': `DO $$ BEGIN RAISE EXCEPTION E'x\\n${verdict}\\x1b[2J\\u202e%', E'${link}'; END $$;`,
};

describe.each(Object.entries(messages))('%s of a dump', (_what, statements) => {
  it.each([['--plain'], ['--json']])('stay what they are in every exit, with %s', async (form) => {
    const said = await drill(statements, form);
    const folderOfRun = join(at('logs'), await newestRun(at('logs')));
    const shown: Record<string, string> = { said: said.text };
    for (const format of ['md', 'html', 'json']) {
      shown[`record.${format}`] = readFileSync(join(folderOfRun, `record.${format}`), 'utf8');
      shown[`show ${format}`] = (await run('records', 'show', '--format', format)).text;
    }
    for (const name of readdirSync(join(folderOfRun, 'output')))
      shown[name] = readFileSync(join(folderOfRun, 'output', name), 'utf8');
    expect(shown['restore-database.log']).toContain('all of it');
    for (const [exit, text] of Object.entries(shown)) {
      expect(text, exit).not.toMatch(acting);
      // A file of output holds only what was printed: no verdict stands in it.
      if (!exit.endsWith('.log')) expect(text, exit).not.toMatch(forged);
    }
    const markdown = shown['record.md'] ?? '';
    expect(markdown).not.toMatch(/(?<!\\)\]\(javascript/);
    expect(markdown).not.toMatch(/!(?<!\\)\[p\]/);
  });
});
