import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, expect, test } from 'vitest';
import type { PseudoTerminal } from '../../terminal/pseudo-terminal.ts';
import { useFolder, useSandbox } from './open-sandbox.ts';
import {
  isAlive,
  launcher,
  openThaw,
  openThawInShell,
  readNewestRun,
  runThaw,
  waitUntil,
} from './open-thaw.ts';
import { database } from './press-keys.ts';

const sandbox = useSandbox();
const newFolder = useFolder();
let folder = '';

beforeAll(async () => {
  folder = await newFolder('lines');
});

const args = ['restore', 'rehearsal'] as const;
const withSandbox = (env: Readonly<Record<string, string>> = {}) => ({ ...sandbox().environment, ...env });

/** Waits for the words before the cursor, and answers them. */
async function answer(thaw: PseudoTerminal, prompt: RegExp, line: string): Promise<void> {
  await thaw.waitFor((rows) => prompt.test(rows.findLast((row) => row !== '') ?? ''), 30_000);
  thaw.write(`${line}\r`);
}

/** The pseudo-terminal itself always says that it is an xterm. */
function openOnDumbTerminal(): PseudoTerminal {
  return openThawInShell({ args, folder, env: withSandbox(), script: 'TERM=dumb exec "$@"' });
}

const escapes = (thaw: PseudoTerminal) => thaw.bytes().split('\x1b').length - 1;

test('a dumb terminal gets a whole walk by lines, answered by typed lines', { timeout: 90_000 }, async () => {
  const thaw = openOnDumbTerminal();
  await answer(thaw, /Type yes to begin, or no:$/, 'y');
  await thaw.waitFor('Only yes or no, written out, is an answer.');
  await answer(thaw, /Type yes to begin, or no:$/, 'yes');
  await answer(thaw, /Type a number from 1 to 3, or latest:$/, '3');
  await thaw.waitFor('cannot be chosen: 0 bytes cannot hold a dump');
  await answer(thaw, /Type a number from 1 to 3, or latest:$/, 'latest');
  await answer(thaw, /Type harbour_crm to swap, or no:$/, 'harbour');
  await thaw.waitFor(() => thaw.bytes().includes('The name does not match; nothing happened.'));
  await answer(thaw, /Type harbour_crm to swap, or no:$/, database);
  await answer(thaw, /and a note behind a colon:$/, 'passed: it counts its clients');
  expect((await thaw.exit).status).toBe(0);
  expect(escapes(thaw)).toBe(0);
  const said = thaw.scrollback().join('\n');
  expect(said).toContain('LIVE: this run touches the production targets.');
  expect(said).toContain('LIVE step 5 of 9, Restore PostgreSQL: begun');
  expect(said).toContain('thaw  LIVE  Rehearsal   VERIFIED against the manifest');
  const { record } = await readNewestRun(folder);
  expect(record.result).toMatchObject({ state: 'finished', verdict: 'passed' });
  expect(record.questions.map((question) => question.by)).toEqual(Array(4).fill('operator'));
});

test('a screen reader gets lines and no drawing', { timeout: 30_000 }, async () => {
  const thaw = openThaw({ args, folder, env: withSandbox({ INK_SCREEN_READER: 'true' }) });
  await answer(thaw, /Type yes to begin, or no:$/, 'no');
  expect((await thaw.exit).status).toBe(5);
  expect(escapes(thaw)).toBe(0);
  expect(thaw.bytes()).not.toMatch(/[─│█░▸]/);
});

test('with its output in a pipe it writes lines without drawing, and the person at the keyboard still answers', {
  timeout: 30_000,
}, async () => {
  const thaw = openThawInShell({ args, folder, env: withSandbox(), script: '"$@" | cat; echo "end"' });
  await answer(thaw, /Type yes to begin, or no:$/, 'no');
  await thaw.waitFor('Stopped at a safe point.');
  await thaw.exit;
  expect(escapes(thaw)).toBe(0);
});

test.each([
  ['closed', 'exec "$@" <&-'],
  ['empty', 'exec "$@" </dev/null'],
])(
  'with its standard input %s it ends with 4 and names the option that answers',
  { timeout: 30_000 },
  async (_, script) => {
    const thaw = openThawInShell({ args, folder, env: withSandbox(), script });
    expect((await thaw.exit).status).toBe(4);
    const said = thaw.scrollback().join('\n');
    expect(said).toContain('Nobody is there to answer: Begin the live restore');
    expect(said).toContain('--yes');
    expect(escapes(thaw)).toBe(0);
  },
);

test('a dumb terminal that is closed at a question leaves the run waiting there, and another one answers it', {
  timeout: 60_000,
}, async () => {
  const thaw = openOnDumbTerminal();
  await answer(thaw, /Type yes to begin, or no:$/, 'yes');
  await thaw.waitFor(/Type a number from 1 to 3, or latest:/, 20_000);
  thaw.close();
  await waitUntil(() => !isAlive(thaw.pid), 10_000);
  const again = openThawInShell({
    args: ['resume'],
    folder,
    env: withSandbox(),
    script: 'TERM=dumb exec "$@"',
  });
  await answer(again, /Type a number from 1 to 3, or latest:$/, 'latest');
  await again.waitFor(/Type harbour_crm to swap, or no:/, 30_000);
  expect(await runThaw({ args: ['stop'], folder })).toMatchObject({ status: 0 });
  expect((await again.exit).status).toBe(5);
  const { record } = await readNewestRun(folder);
  expect(record.result.state).toBe('stopped');
  expect(record.resumed).toEqual([]);
});

test('Ctrl+D at a question leaves, says where the run waits, and takes nothing with it', {
  timeout: 60_000,
}, async () => {
  const thaw = openOnDumbTerminal();
  await thaw.waitFor(/Type yes to begin, or no:/, 30_000);
  thaw.write('\x04');
  expect((await thaw.exit).status).toBe(8);
  expect(thaw.scrollback().join('\n')).toMatch(
    /The run waits \(process \d+\): it cannot go on without an answer\./,
  );
});

test('a reader of its lines that goes away takes the lines with it, and not the run', {
  timeout: 60_000,
}, async () => {
  const answers = [
    '--yes',
    '--answer',
    'choose-snapshot=latest',
    '--confirm',
    database,
    '--answer',
    'smoke-checklist.look=passed:it counts',
  ];
  const child = spawn(process.execPath, [launcher, ...args, '--plain', ...answers], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...sandbox().environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child.stdout.on('data', (data) => {
    if (String(data).includes('Restore PostgreSQL: begun')) child.stdout.destroy();
  });
  const [status] = await once(child, 'exit');
  expect(status).toBe(0);
  const { record } = await readNewestRun(folder);
  expect(record.result).toMatchObject({ state: 'finished', verdict: 'passed' });
});
