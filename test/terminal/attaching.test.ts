import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { childrenOf, isAlive, runProcesses } from '../parts/end-runs.ts';
import { journalText, launcher, openThaw, runThaw, waitUntil } from '../scenarios/terminal/open-thaw.ts';
import type { PseudoTerminal } from './pseudo-terminal.ts';
import { makeWalkFolder, values } from './walk-folder.ts';

/** A run is a process of its own; terminals come and go. */

const timeout = 120_000;
const soon = 40_000;

function makeFolder(longSeconds: number): string {
  const folder = makeWalkFolder({ longSeconds });
  writeFileSync(join(folder, 'mended'), '');
  return folder;
}

async function begin(folder: string): Promise<PseudoTerminal> {
  const thaw = openThaw({ args: ['restore', 'walk'], folder, env: values });
  await thaw.waitFor('y begin', soon);
  thaw.write('y');
  await thaw.waitFor('line 3', soon);
  return thaw;
}

function onlyRun(folder: string): number {
  const [pid, ...more] = runProcesses(folder);
  if (pid === undefined || more.length > 0)
    throw new Error(`Not one run in ${folder}: ${runProcesses(folder)}`);
  return pid;
}

/** What the page before leaving says, and then the shell. */
async function leave(thaw: PseudoTerminal): Promise<{ readonly page: string; readonly said: string }> {
  thaw.write('q');
  const page = textOf(await thaw.waitFor('Leave the screen?'));
  thaw.write('y');
  expect((await thaw.exit).status).toBe(8);
  expect(thaw.leftBehind()).toEqual([]);
  return { page, said: thaw.scrollback().join('\n') };
}

test('a second terminal sees the run of the first, answers its question without being asked for secrets, and both see the end', {
  timeout,
}, async () => {
  const folder = makeFolder(6);
  const first = await begin(folder);
  const second = openThaw({ args: ['resume'], folder });
  const seen = await second.waitFor(/line [2-9]\d/, soon);
  expect(seen.join('\n')).toMatch(/▸ 2 Work|▸ 3 Long +now/);
  second.write('n');
  await second.waitFor('Note:');
  second.write('seen from here\r');
  await second.waitFor('y agree', soon);
  await first.waitFor('y agree', soon);
  second.write('y');
  for (const one of [second, first]) {
    await one.waitFor('any key leaves', soon);
    one.write(' ');
    expect((await one.exit).status).toBe(0);
    expect(one.scrollback().join('\n')).toContain('thaw  LIVE  A walk   VERIFIED');
    expect(one.leftBehind()).toEqual([]);
    expect(one.bytes()).not.toContain(values.WALK_TOKEN);
  }
  const journal = await journalText(folder);
  expect(journal).toContain('seen from here');
  expect(journal.match(/"kind":"question-answered","questionId":"look"/g)).toHaveLength(1);
  expect(journal).not.toContain('run-resumed');
});

test('whoever leaves is told in the shell what goes on, and comes back to the question that waited meanwhile', {
  timeout,
}, async () => {
  const folder = makeFolder(3);
  const thaw = await begin(folder);
  const pid = onlyRun(folder);
  const { said } = await leave(thaw);
  expect(said).toContain(`The run goes on (process ${pid}) to its next question, and waits there.`);
  expect(said).toMatch(/Come back: thaw resume 2\S+-walk-live/);
  expect(said).toMatch(/Stop it: {3}thaw stop 2\S+-walk-live/);
  const listed = await runThaw({ args: ['records', 'list'], folder });
  expect(listed.text).toContain(`-walk-live  UNDER WAY: process ${pid} on `);
  await waitUntil(async () => (await journalText(folder)).includes('"questionId":"look"'), soon);
  const again = openThaw({ args: ['resume'], folder });
  await again.waitFor('y agree', soon);
  const asked = await leave(again);
  expect(asked.page).toContain('waits: it cannot go on without an answer');
  expect(asked.said).toContain(`The run waits (process ${pid}): it cannot go on without an answer.`);
  const byLines = openThaw({ args: ['resume', '--plain'], folder });
  await byLines.waitFor(/Type yes to agree, or no:$/m, soon);
  byLines.write('yes\r');
  expect((await byLines.exit).status).toBe(0);
  expect(byLines.scrollback().join('\n')).toContain('thaw  LIVE  A walk   VERIFIED');
  const journal = await journalText(folder);
  expect(journal).not.toContain('run-resumed');
  expect(journal.match(/"kind":"step-started"/g)).toHaveLength(4);
  await waitUntil(() => !isAlive(pid), 10_000);
});

test.each(['closing the terminal', 'killing the process that shows it'])(
  '%s is the same as leaving: the run goes on and waits',
  { timeout },
  async (how) => {
    const folder = makeFolder(3);
    const thaw = await begin(folder);
    const pid = onlyRun(folder);
    if (how === 'closing the terminal') thaw.close();
    else process.kill(thaw.pid, 'SIGKILL');
    await waitUntil(() => !isAlive(thaw.pid), 10_000);
    await waitUntil(async () => (await journalText(folder)).includes('"questionId":"look"'), soon);
    expect(isAlive(pid)).toBe(true);
    const again = openThaw({ args: ['resume'], folder });
    await again.waitFor('y agree', soon);
    again.write('y');
    await again.waitFor('any key leaves', soon);
    again.write(' ');
    expect((await again.exit).status).toBe(0);
  },
);

test('a run that is stopped from another terminal closes its screen without a key, and resumes with its secrets asked again', {
  timeout,
}, async () => {
  const folder = makeFolder(15);
  const thaw = await begin(folder);
  const stopped = await runThaw({ args: ['stop'], folder });
  expect(stopped).toMatchObject({
    status: 0,
    text: expect.stringContaining('is stopped. Go on with: thaw resume'),
  });
  expect((await thaw.exit).status).toBe(5);
  expect(thaw.scrollback().join('\n')).toContain('STOPPED');
  expect(thaw.leftBehind()).toEqual([]);
  const again = openThaw({ args: ['resume'], folder });
  await again.waitFor('0 of 2 values given', soon);
  again.write(values.WALK_USER);
  await again.waitFor(`${values.WALK_USER}█`);
  again.write('\r');
  await again.waitFor(/▸ WALK_TOKEN/);
  again.write(`\x1b[200~${values.WALK_TOKEN}\x1b[201~`);
  await again.waitFor('hidden, ');
  again.write('\r');
  await again.waitFor(/3 of 4 +Long|▸ 3 Long/, soon);
  expect(again.bytes()).not.toContain(values.WALK_TOKEN);
});

test('a process of a run that is killed is told as such, and the run goes on in a new one', {
  timeout,
}, async () => {
  const folder = makeFolder(6);
  const thaw = await begin(folder);
  const pid = onlyRun(folder);
  process.kill(pid, 'SIGKILL');
  expect((await thaw.exit).status).toBe(5);
  const said = thaw.scrollback().join('\n');
  expect(said).toContain(`Process ${pid}, which worked on this run, has ended without a word.`);
  expect(said).toContain('go on with `thaw resume`');
  expect(thaw.leftBehind()).toEqual([]);
  const again = openThaw({ args: ['resume'], folder, env: values });
  await again.waitFor('it did nothing, or may run again', soon);
  await again.waitFor('enter choose', soon);
  again.write('\r');
  await again.waitFor('y agree', soon);
  again.write('y');
  await again.waitFor('any key leaves', soon);
  again.write(' ');
  expect((await again.exit).status).toBe(0);
  expect((await journalText(folder)).match(/"kind":"run-resumed"/g)).toHaveLength(1);
});

test('a process of a run that does not answer is named, with what wakes it', { timeout }, async () => {
  const folder = makeFolder(15);
  const thaw = await begin(folder);
  const pid = onlyRun(folder);
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => void (isAlive(pid) && process.kill(pid, 'SIGCONT')));
  const again = openThaw({ args: ['resume'], folder });
  expect((await again.exit).status).toBe(3);
  const said = again.scrollback().join(' ');
  expect(said).toContain(`Process ${pid} works on this run and does not answer.`);
  expect(said).toContain(`kill -CONT ${pid}`);
  process.kill(pid, 'SIGCONT');
  await thaw.waitFor('y agree', soon);
});

test('a terminal that is closed before there is a run leaves no process behind', { timeout }, async () => {
  const folder = makeFolder(1);
  const thaw = openThaw({ args: ['restore', 'walk'], folder });
  await thaw.waitFor('0 of 2 values given', soon);
  const children = childrenOf(thaw.pid);
  expect(children).toHaveLength(1);
  thaw.close();
  await waitUntil(() => ![thaw.pid, ...children].some(isAlive), 10_000);
  expect(await journalText(folder)).toBe('');
});

test('a run that a schedule began stops at its question where nobody came, and waits for whoever came', {
  timeout,
}, async () => {
  const folder = makeFolder(5);
  const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...values };
  const start = () =>
    spawn(process.execPath, [launcher, 'restore', 'walk', '--plain', '--answer', 'begin=yes'], {
      cwd: folder,
      env,
      stdio: 'ignore',
    });
  expect((await once(start(), 'exit'))[0]).toBe(4);

  const seen = once(start(), 'exit');
  await waitUntil(() => runProcesses(folder).length === 1, soon);
  const visitor = openThaw({ args: ['resume'], folder });
  await visitor.waitFor('y agree', soon);
  visitor.write('q');
  const page = await visitor.waitFor('Leave the screen?');
  expect(textOf(page)).toContain('stops: nobody is left to answer its question');
  visitor.write('\x1b');
  await visitor.waitFor('y agree');
  visitor.write('y');
  await visitor.waitFor('any key leaves', soon);
  visitor.write(' ');
  expect((await visitor.exit).status).toBe(0);
  expect((await seen)[0]).toBe(0);
});

/** Where sentences are broken into rows. */
const textOf = (rows: readonly string[]) => rows.map((row) => row.trim()).join(' ');
