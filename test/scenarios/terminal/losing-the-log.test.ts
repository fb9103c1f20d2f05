import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { countRows, listDatabases } from '../../parts/count-rows.ts';
import type { PseudoTerminal } from '../../terminal/pseudo-terminal.ts';
import { useFolder, useSandbox } from './open-sandbox.ts';
import { openThawInShell, readNewestRun, runThaw } from './open-thaw.ts';
import { database } from './press-keys.ts';

const sandbox = useSandbox();
const newFolder = useFolder();
let folder = '';
const logs = () => join(folder, 'restore-logs');

beforeEach(async () => {
  folder = await newFolder('log');
});

/** Whatever is asked after the swap: a run that does not stop before it comes to its end. */
const attested = ['--answer', 'smoke-checklist.look=passed:it counts its clients'];

/** A live walk by lines, up to the question that waits for the exact name. */
async function walkToTheSwap(): Promise<PseudoTerminal> {
  const thaw = openThawInShell({
    args: ['restore', 'rehearsal', '--yes', '--snapshot', 'latest', ...attested],
    folder,
    env: sandbox().environment,
    script: 'TERM=dumb exec "$@"',
    // No word of a remedy is broken.
    columns: 600,
  });
  await thaw.waitFor((rows) => /to swap, or no:$/.test(rows.findLast((row) => row !== '') ?? ''), 60_000);
  return thaw;
}

async function answerTheQuestion(thaw: PseudoTerminal): Promise<{ status: number; text: string }> {
  thaw.write(`${database}\r`);
  const { status } = await thaw.exit;
  return { status, text: thaw.scrollback().join('\n') };
}

async function production() {
  const { databaseUrl } = sandbox();
  const databases = await listDatabases(databaseUrl);
  return {
    own: databases.filter((name) => name.startsWith(`${database} `)),
    kept: databases.filter((name) => name.includes('__before_')),
    rows: await countRows(databaseUrl),
  };
}

/** The walk leaves a database beside production; the next walk has one of its own. */
async function runId(): Promise<string> {
  return (await readdir(logs())).find((name) => /^\d{4}-/.test(name)) ?? 'no run';
}

test('whoever removes the whole log folder while the question waits stops the run before the swap', {
  timeout: 120_000,
}, async () => {
  const thaw = await walkToTheSwap();
  const before = await production();
  const run = await runId();
  await rm(logs(), { recursive: true });
  const { status, text } = await answerTheQuestion(thaw);
  expect(await production()).toEqual(before);
  expect(status, text).not.toBe(0);
  expect(text).toContain('was removed while the run went on');
  expect(text).toContain('No database was replaced.');
  expect(text).not.toContain('VERIFIED');
  // What is left behind is not a folder that looks like a run, and the facts are where the words say.
  expect(existsSync(join(logs(), run))).toBe(false);
  const [, kept = ''] = /All it held is kept in (\S+)\. /.exec(text.replace(/\n/g, ' ')) ?? [];
  expect(await readFile(kept, 'utf8')).toContain('"kind":"run-started"');

  // The remedy, word for word.
  const [, remedy = ''] = /Put that back with `([^`]+)`/.exec(text) ?? [];
  execFileSync('sh', ['-c', remedy]);
  await rm(kept);
  const args = ['resume', run, '--yes', '--confirm', database];
  const resumed = await runThaw({ args: [...args, ...attested], folder, env: sandbox().environment });
  expect(resumed, resumed.text).toMatchObject({ status: 0 });
  expect((await readNewestRun(folder)).record.result.verdict).toBe('passed');
});

test('whoever removes the folder of the run stops it before the swap, and it does not come back half', {
  timeout: 120_000,
}, async () => {
  const thaw = await walkToTheSwap();
  const before = await production();
  const run = await runId();
  await rm(join(logs(), run), { recursive: true });
  const { status, text } = await answerTheQuestion(thaw);
  expect(await production()).toEqual(before);
  expect(status, text).not.toBe(0);
  expect(text).toContain('was removed while the run went on');
  expect(existsSync(join(logs(), run))).toBe(false);
  const [, kept = ''] = /All it held is kept in (\S+)\. /.exec(text.replace(/\n/g, ' ')) ?? [];
  await rm(kept);
});

test('a folder that was moved is named where it is, and the run goes on once it is back', {
  timeout: 120_000,
}, async () => {
  const thaw = await walkToTheSwap();
  const before = await production();
  const run = await runId();
  await rename(join(logs(), run), join(folder, 'elsewhere'));
  const { status, text } = await answerTheQuestion(thaw);
  expect(await production()).toEqual(before);
  expect(status, text).not.toBe(0);
  expect(text).toContain(`it is at ${join(folder, 'elsewhere', 'journal.jsonl')}`);
  expect(existsSync(join(logs(), run))).toBe(false);
  await rename(join(folder, 'elsewhere'), join(logs(), run));
  const args = ['resume', run, '--yes', '--confirm', database];
  const resumed = await runThaw({ args: [...args, ...attested], folder, env: sandbox().environment });
  expect(resumed, resumed.text).toMatchObject({ status: 0 });
});

test('a copy that somebody put in the place of the journal is not gone on with', {
  timeout: 120_000,
}, async () => {
  const thaw = await walkToTheSwap();
  const before = await production();
  const path = join(logs(), await runId());
  await cp(path, `${path}-copy`, { recursive: true });
  await rename(path, join(folder, 'elsewhere'));
  await rename(`${path}-copy`, path);
  const { status, text } = await answerTheQuestion(thaw);
  expect(await production()).toEqual(before);
  expect(status, text).not.toBe(0);
  expect(text).toContain('was moved while the run went on');
});

test('whoever takes the lock away stops the run before the swap', { timeout: 120_000 }, async () => {
  const thaw = await walkToTheSwap();
  const before = await production();
  await rm(join(logs(), '.locks'), { recursive: true });
  const { status, text } = await answerTheQuestion(thaw);
  expect(await production()).toEqual(before);
  expect(status, text).not.toBe(0);
  expect(text).toContain('is not held by this process any more');
});
