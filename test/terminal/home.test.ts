import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openThaw, openThawInShell, runThaw } from '../scenarios/terminal/open-thaw.ts';
import type { PseudoTerminal } from './pseudo-terminal.ts';
import { makeWalkFolder, values } from './walk-folder.ts';

const enter = '\r';
const esc = '\x1b';
const down = '\x1b[B';
const timeout = 60_000;

async function markRow(thaw: PseudoTerminal, wanted: RegExp): Promise<void> {
  await thaw.waitFor((rows) => rows.some((row) => wanted.test(row)), 40_000);
  // Other runbooks come along, and more of them with every year.
  for (let press = 0; press < 60; press += 1) {
    const at = thaw.screen().find((row) => row.startsWith(' ▸ ')) ?? '';
    if (wanted.test(at)) return;
    thaw.write(down);
    await thaw.waitFor((rows) => (rows.find((row) => row.startsWith(' ▸ ')) ?? '') !== at);
  }
  throw new Error(`No row ${wanted}:\n${thaw.screen().join('\n')}`);
}

test('from the first page through missing values, a failure that is mended in a shell, to the end; and the past run is read again', {
  timeout,
}, async () => {
  const folder = makeWalkFolder();
  const thaw = openThaw({ args: [], folder, env: { SHELL: '/bin/sh' } });
  await thaw.waitFor('What do you want to do?');
  await markRow(thaw, /walk +RTO 30 min · RPO 1 h · backups: 2 values missing/);
  thaw.write(enter);
  const modes = await thaw.waitFor('enter restore production');
  expect(modes.join('\n')).toMatch(
    /LIVE +restore production\n +may replace +database nothing at 127\.0\.0\.1:9/,
  );
  expect(modes.join('\n')).toMatch(
    /DRILL +walk it on throwaway targets\n +may use +database other at 127\.0\.0\.1:9/,
  );
  thaw.write(enter);
  await giveValues(thaw);
  await beginAndMend(thaw);
  const end = await thaw.waitFor('any key leaves');
  expect(end.join('\n')).toContain('4 of 4 steps passed');
  thaw.write(' ');
  expect((await thaw.exit).status).toBe(0);
  expect(thaw.leftBehind()).toEqual([]);
  expect(thaw.violations()).toEqual([]);
  expect(thaw.bytes()).not.toContain(values.WALK_TOKEN);
  expect(filesThatHold(folder, values.WALK_TOKEN)).toEqual([]);
  await readAgain(folder);
});

async function giveValues(thaw: PseudoTerminal): Promise<void> {
  await thaw.waitFor('0 of 2 values given');
  thaw.write(values.WALK_USER);
  await thaw.waitFor(`${values.WALK_USER}█`);
  thaw.write(enter);
  await thaw.waitFor(/▸ WALK_TOKEN/);
  thaw.write(`\x1b[200~${values.WALK_TOKEN}\n\x1b[201~`);
  await thaw.waitFor(`hidden, ${values.WALK_TOKEN.length} characters`);
  thaw.write(enter);
}

/** A step fails; the operator opens a shell, mends the cause, comes back and retries. */
async function beginAndMend(thaw: PseudoTerminal): Promise<void> {
  await thaw.waitFor('y begin', 40_000);
  thaw.write('y');
  const failed = await thaw.waitFor('l log  ! shell', 40_000);
  expect(failed.join('\n')).toMatch(/✗ Work failed\. +step 2 of 4/);
  expect(failed.join('\n')).toContain('│ the part is broken');
  expect(failed.join('').replace(/\s+/g, '')).toContain('output/work.log');
  thaw.write('!');
  await thaw.waitFor('Type exit to come back to thaw.');
  expect(thaw.isAlternate()).toBe(false);
  thaw.write(`touch mended; echo run is $THAW_RUN${enter}`);
  await thaw.waitFor(/run is \d{4}-\d\d-\d\dT\d{4}Z-walk-live/);
  thaw.write(`exit${enter}`);
  await thaw.waitFor('Back from the shell.');
  expect(thaw.isAlternate()).toBe(true);
  thaw.write(enter);
  await thaw.waitFor('y agree', 40_000);
  thaw.write('y');
}

async function readAgain(folder: string): Promise<void> {
  const thaw = openThaw({ args: [], folder });
  await markRow(thaw, /LIVE +walk +✓ VERIFIED/);
  thaw.write(enter);
  const result = await thaw.waitFor('RECORD, read only');
  expect(result.join('\n')).toContain('What came of it');
  thaw.write(esc);
  await thaw.waitFor('q back');
  thaw.write('\x1b[A');
  thaw.write('\x1b[A');
  const step = await thaw.waitFor('2 of 4  Work');
  expect(step.join('\n')).toContain('well');
  thaw.write('n');
  thaw.write('q');
  await thaw.waitFor('What do you want to do?');
  thaw.write('q');
  expect((await thaw.exit).status).toBe(0);
  expect(thaw.leftBehind()).toEqual([]);
}

function filesThatHold(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path, 'utf8').includes(text));
}

test('the first picture comes before the runbook is read, and what cannot begin is said on the terminal that was there before', {
  timeout,
}, async () => {
  const folder = makeWalkFolder();
  writeFileSync(join(folder, 'broken.yaml'), 'thaw: 1\nname: broken\n');
  const thaw = openThaw({ args: ['restore', './broken.yaml'], folder });
  expect((await thaw.exit).status).toBe(2);
  expect(thaw.bytes()).toContain('Reading the runbook');
  expect(thaw.scrollback().join('\n')).toMatch(/broken\.yaml/);
  expect(thaw.leftBehind()).toEqual([]);
  // Giving up on missing values begins nothing.
  const other = openThaw({ args: ['restore', 'walk'], folder });
  await other.waitFor('0 of 2 values given');
  other.write(esc);
  expect((await other.exit).status).toBe(4);
  expect(other.scrollback().join(' ').replace(/\s+/g, ' ')).toContain('2 values are missing: WALK_USER');
  expect(readdirSync(folder)).not.toContain('restore-logs');
});

test('without a terminal bare thaw prints the same as lines, and missing values end with status 4', {
  timeout,
}, async () => {
  const folder = makeWalkFolder();
  const bare = await runThaw({ args: [], folder });
  expect(bare).toMatchObject({ status: 0 });
  expect(bare.text).toMatch(
    /^Your runbooks\n {2}walk {2}RTO 30 min · RPO 1 h\n\nWhat next\n {2}thaw rehearse/,
  );
  expect(bare.text).toMatch(/^Examples\n {2}corporate-intel, /m);
  const restore = await runThaw({ args: ['restore', 'walk'], folder });
  expect(restore.status).toBe(4);
  expect(restore.text).toContain('WALK_TOKEN (token of the backup store)');
});

test('--no-color leaves no colour on the first page, and SSH without tmux is said there', {
  timeout,
}, async () => {
  const folder = makeWalkFolder();
  const env = { SSH_CONNECTION: '192.0.2.7 50022 192.0.2.1 22' };
  const thaw = openThaw({ args: ['--no-color'], folder, env });
  await thaw.waitFor('This SSH session is not inside tmux or screen.');
  await thaw.waitFor('walk');
  const styles = thaw
    .bytes()
    .split('\x1b[')
    .flatMap((part) => /^([\d;]*)m/.exec(part)?.[1]?.split(';') ?? []);
  expect(styles.filter((one) => /^(3[0-7]|4[0-7]|9[0-7])$/.test(one))).toEqual([]);
  thaw.write('\x03');
  expect((await thaw.exit).status).toBe(0);
});

test('a drill says what a lost SSH session means too, though it asks nothing before it begins', {
  timeout,
}, async () => {
  const folder = makeWalkFolder();
  const env = { ...values, SSH_CONNECTION: '192.0.2.7 50022 192.0.2.1 22' };
  const thaw = openThaw({ args: ['drill', 'walk'], folder, env });
  await thaw.waitFor('✗ Work failed.', 40_000);
  await thaw.waitFor((rows) => rows[22]?.includes('This SSH session is not inside tmux or screen.') === true);
  expect(thaw.screen()[0]).toMatch(/^ DRILL /);
});

test('with its input closed a run asks nobody: it ends with status 4 and names the option that answers', {
  timeout,
}, async () => {
  const folder = makeWalkFolder();
  const script = '"$@" </dev/null';
  const thaw = openThawInShell({ script, args: ['restore', 'walk'], folder, env: values });
  expect((await thaw.exit).status).toBe(4);
  const said = thaw.scrollback().join(' ').replace(/\s+/g, ' ');
  expect(said).toContain('answered by --yes, or --answer begin=no');
  // What stopped there goes on only with the runbook it began with.
  appendFileSync(join(folder, 'runbooks/walk.yaml'), '# another one\n');
  const resumed = await runThaw({ args: ['resume'], folder, env: values });
  expect(resumed.status).not.toBe(0);
  expect(resumed.text).toMatch(/Runbook .*walk\.yaml has changed since run .* began\./);
});
