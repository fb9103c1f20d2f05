import { chmod, readdir } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { sweepSandboxes } from '../../../src/sandbox/destroy-sandbox.ts';
import type { PseudoTerminal } from '../../terminal/pseudo-terminal.ts';
import { useFolder } from './open-sandbox.ts';
import { openThaw, readNewestRun, runThaw } from './open-thaw.ts';
import {
  attest,
  database,
  keys,
  leaveEnd,
  swap,
  textOf,
  typeText,
  waitForEnd,
  waitForKeys,
  waitForSnapshots,
  waitForSwap,
} from './press-keys.ts';
import { brokenPromises, replayFrames } from './replay-frames.ts';

const newFolder = useFolder();
const note = 'the pooler was drained by hand';
const seen = 'the health page counts its clients';

test('the whole rehearsal is walked by keys on 80 by 24, and ends verified with a record', {
  timeout: 120_000,
}, async () => {
  const folder = await newFolder('rehearsal');
  // A temporary folder of its own: nobody else's sandbox is touched, and PostgreSQL's own user passes through it.
  const temporary = await newFolder('t');
  await chmod(temporary, 0o711);
  onTestFinished(async () => void (await sweepSandboxes(temporary)));
  const thaw = openThaw({ args: ['rehearse'], folder, env: { TMPDIR: temporary } });

  await lookAroundAndBegin(thaw);
  await chooseWithArrows(thaw);
  await lookBackAndTakeNotes(thaw);
  await typeWrongThenRight(thaw);
  await attest(thaw, seen);
  const end = await waitForEnd(thaw);
  expect(end[3]).toBe(' The walk is over');
  // Longer than 80 columns: broken between words.
  expect(`${end[5]} ${end[6]?.trim()}`).toMatch(
    /^thaw {2}LIVE {2}Rehearsal {3}VERIFIED against the manifest {1,3}0:\d\d of 30:00 RTO, loss \d+ s of 1 h RPO$/,
  );
  expect(end[7]).toBe('9 of 9 steps passed');
  expect(await leaveEnd(thaw)).toBe(0);

  await expectWellBehaved(thaw);
  await expectRecord(folder);
  expect(await readdir(temporary)).toEqual([]);
});

async function lookAroundAndBegin(thaw: PseudoTerminal): Promise<void> {
  const asked = await waitForKeys(thaw, 'y begin');
  expect(asked[0]).toMatch(/^ LIVE {2}Rehearsal .* harbour_crm at 127\.0\.0\.1:\d+$/);
  expect(asked[1]).toMatch(/^ elapsed 0:\d\d of 30:00 RTO .* loss not known yet of 1 h RPO$/);
  expect(asked[3]).toBe(' Begin the live restore "Rehearsal"?');
  expect(textOf(asked)).toContain('Writers will be stopped.');
  thaw.write('?');
  const help = await thaw.waitFor('Keys: a question with yes and no');
  expect(help.join('\n')).toMatch(/y +begin +Says yes\./);
  thaw.write(keys.escape);
  await waitForKeys(thaw, 'y begin');
  // The checks stand behind the question.
  thaw.write(keys.tab);
  const checks = await thaw.waitFor('Before anything is touched: no blocker');
  expect(textOf(checks)).toContain('backups: 3 snapshots;');
  thaw.write(keys.tab);
  await waitForKeys(thaw, 'y begin');
  thaw.write('y');
}

async function chooseWithArrows(thaw: PseudoTerminal): Promise<void> {
  const table = await waitForSnapshots(thaw);
  expect(table[5]).toMatch(/taken \(UTC\) +age +dump +enc +manifest/);
  expect(table[6]).toMatch(/^ ▸★ .* gpg +yes\b/);
  expect(textOf(table)).toMatch(/you lose what was written in the \d+ s before .* within the RPO of 1 h\./);
  thaw.write(keys.down);
  const older = await thaw.waitFor(/▸ {2}.* gpg +no\b/);
  expect(textOf(older)).toContain('more than the RPO of 1 h.');
  thaw.write(keys.down);
  await thaw.waitFor('cannot be chosen: 0 bytes cannot hold a dump.');
  thaw.write(keys.enter);
  await thaw.waitFor((rows) => rows[22]?.includes('cannot be chosen: 0 bytes cannot hold a dump') === true);
  thaw.write(keys.up);
  await thaw.waitFor(/▸ {2}.* gpg +no\b/);
  thaw.write(keys.up);
  await thaw.waitFor('▸★');
  thaw.write(keys.enter);
}

/** While the dangerous question waits, the operator looks at what is done, and writes a note. */
async function lookBackAndTakeNotes(thaw: PseudoTerminal): Promise<void> {
  await waitForSwap(thaw);
  thaw.write(keys.tab);
  await thaw.waitFor('5 of 9  Restore PostgreSQL');
  thaw.write(keys.up);
  const done = await thaw.waitFor('4 of 9  Decrypt and unpack');
  expect(done.join('\n')).toMatch(/›✓ 4 Decrypt and unpack +done/);
  expect(done.join('\n')).toContain('✓ passed: decrypted and authenticated to');
  thaw.write('@');
  const commands = await thaw.waitFor('Commands of all steps, as they run');
  expect(commands.join('\n')).toContain('$ stop web worker scheduler of');
  thaw.write(keys.escape);
  await thaw.waitFor('4 of 9  Decrypt and unpack');
  thaw.write('n');
  await thaw.waitFor('Note:');
  await typeText(thaw, note);
  await thaw.waitFor('Note written.');
  thaw.write(keys.tab);
}

async function typeWrongThenRight(thaw: PseudoTerminal): Promise<void> {
  const asked = await waitForSwap(thaw);
  expect(asked[3]).toMatch(/^ Swap the restored database into place +step 5 of 9$/);
  expect(asked.join('\n')).toMatch(/goes out {3}harbour_crm {2}[\d.]+ MB/);
  expect(asked.join('\n')).toMatch(/comes in {3}harbour_crm__restore_[0-9a-f]+/);
  thaw.write('harbour');
  await thaw.waitFor('not this name yet: enter does nothing');
  thaw.write(keys.enter);
  const refused = await thaw.waitFor('enter swap: the name does not match.');
  expect(refused.join('\n')).toContain('Swap the restored database into place');
  thaw.write('\x15');
  await thaw.waitFor('nothing typed yet: enter does nothing');
  await swap(thaw);
}

async function expectWellBehaved(thaw: PseudoTerminal): Promise<void> {
  const bytes = thaw.bytes();
  expect(await brokenPromises({ bytes })).toEqual([]);
  expect(thaw.violations()).toEqual([]);
  expect(thaw.leftBehind()).toEqual([]);
  expect(thaw.isAlternate()).toBe(false);
  // The walk itself went by between two questions: the pictures of it are played again.
  const shown = (await replayFrames({ bytes })).map((frame) => frame.rows.join('\n'));
  expect(shown.some((text) => text.includes('Before anything is touched'))).toBe(true);
  expect(
    shown.some((text) => /▸ 5 Restore PostgreSQL +now/.test(text) && /▸ 6 Mirror objects +now/.test(text)),
  ).toBe(true);
  expect(shown.some((text) => text.includes('pg_restore: creating'))).toBe(true);
  expect(shown.some((text) => /▸ 8 Start services +now/.test(text))).toBe(true);
  // Long lines are broken by the terminal, not by us.
  const left = thaw.scrollback().join('');
  expect(left).toContain('migration: ERROR: division by zero. It stops half-way.');
  expect(left).toContain('thaw  LIVE  Rehearsal   VERIFIED against the manifest');
  expect(left).toContain('record.md');
  expect(left).toContain('The sandbox is gone: its servers stopped, its folder removed. The record stays');
  expect(left).not.toContain('elapsed');
}

async function expectRecord(folder: string): Promise<void> {
  const { runId, record, markdown } = await readNewestRun(folder);
  expect(record.result).toMatchObject({
    state: 'finished',
    verdict: 'passed',
    proof: 'dump',
    proven: ['dump', 'manifest'],
  });
  expect(record.steps.map((step) => [step.kind, step.outcome, step.attempts.length])).toEqual(
    [
      'choose-snapshot',
      'stop-writers',
      'fetch',
      'decrypt',
      'restore-database',
      'mirror-objects',
      'verify-secrets',
      'start-services',
      'smoke-checklist',
    ].map((kind) => [kind, 'passed', 1]),
  );
  expect(record.questions.map(({ id, answer, by }) => [id, answer, by])).toEqual([
    ['begin', 'yes', 'operator'],
    ['choose-snapshot', record.recoveryPoint?.snapshot, 'operator'],
    ['restore-database.swap', database, 'operator'],
    ['smoke-checklist.look', 'passed', 'operator'],
  ]);
  expect(record.questions.at(-1)?.note).toBe(seen);
  expect(record.notes.map((one) => one.text)).toEqual([note]);
  expect(markdown).toContain('**Result: VERIFIED against the manifest**');
  expect(markdown).toContain(note);
  const verified = await runThaw({ args: ['records', 'verify', runId], folder });
  expect(verified.text).toMatch(/ outputs and .*record agree\./);
  expect(verified.status).toBe(0);
}
