import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { PseudoTerminal } from '../../terminal/pseudo-terminal.ts';
import { useFolder, useSandbox } from './open-sandbox.ts';
import { openThaw, readNewestRun } from './open-thaw.ts';
import {
  attest,
  begin,
  chooseAfterFailure,
  chooseNewest,
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
import { brokenPromises } from './replay-frames.ts';

const sandbox = useSandbox();
const newFolder = useFolder();
let folder = '';

beforeAll(async () => {
  folder = await newFolder('failing');
});

const open = () => openThaw({ args: ['restore', 'rehearsal'], folder, env: sandbox().environment });

/** The file is there while the checks look, and gone when the step wants it. */
async function swapWithoutSecrets(thaw: PseudoTerminal): Promise<readonly string[]> {
  const { envFile } = sandbox();
  await chooseNewest(thaw);
  const asked = await waitForSwap(thaw);
  expect(textOf(asked)).toContain('within the RPO of 1 h.');
  await rename(envFile, `${envFile}.away`);
  await swap(thaw);
  await thaw.waitFor('✗ Verify secrets failed.', 30_000);
  return waitForKeys(thaw, 'enter choose');
}

async function putBack(): Promise<void> {
  const { envFile } = sandbox();
  if (!existsSync(envFile)) await rename(`${envFile}.away`, envFile);
}

afterEach(putBack);

test('a step that fails says what, where and what to do; mended, a retry by key goes on to a verified end', {
  timeout: 90_000,
}, async () => {
  const thaw = open();
  await begin(thaw);
  const failed = await swapWithoutSecrets(thaw);
  expect(failed[3]).toMatch(/^ ✗ Verify secrets failed\. +step 7 of 9$/);
  expect(textOf(failed)).toContain(`There is no ${sandbox().envFile}.`);
  expect(textOf(failed)).toContain(
    '→ Pull the file from the secrets vault to that place. Where a backup has it, let a step bring it',
  );
  expect(textOf(failed)).toMatch(
    /▸ retry choose another snapshot – cannot be chosen: .* go on without it .*stop here/,
  );
  // Nothing is mended yet: it fails again, and says that it was the second time.
  await chooseAfterFailure(thaw, 'retry');
  await thaw.waitFor(/Verify secrets failed\. +step 7 of 9, attempt 2/);
  await putBack();
  await chooseAfterFailure(thaw, 'retry');
  await attest(thaw, 'it counts');
  expect(textOf(await waitForEnd(thaw))).toContain('9 of 9 steps passed');
  expect(await leaveEnd(thaw)).toBe(0);
  expect(await brokenPromises({ bytes: thaw.bytes() })).toEqual([]);
  const { record } = await readNewestRun(folder);
  const step = record.steps.find((one) => one.id === 'verify-secrets');
  expect(step?.attempts.map((attempt) => attempt.failure?.code)).toEqual([
    'not-found',
    'not-found',
    undefined,
  ]);
});

test('sent back to another snapshot, and one step left out with a reason: both stand in the record', {
  timeout: 90_000,
}, async () => {
  const thaw = open();
  await begin(thaw);
  await chooseOlder(thaw);
  const older = await waitForSwap(thaw);
  expect(textOf(older)).toContain('more than the RPO of 1 h.');
  thaw.write(keys.escape);
  const no = await thaw.waitFor('The swap was not confirmed; harbour_crm is untouched');
  expect(textOf(no)).toContain('go on without it – cannot be chosen: without the database there is nothing');
  await chooseAfterFailure(thaw, 'choose another snapshot');
  expect(textOf(await swapWithoutSecrets(thaw))).toContain('Verify secrets failed.');
  await putBack();
  await leaveOut(thaw, 'the vault is being moved');
  await attest(thaw, 'it counts');
  const end = textOf(await waitForEnd(thaw));
  expect(end).toContain('8 of 9 steps passed · 1 left out by the operator');
  expect(end).not.toContain(' VERIFIED');
  expect(await leaveEnd(thaw)).toBe(1);
  expect(await brokenPromises({ bytes: thaw.bytes() })).toEqual([]);

  const { record } = await readNewestRun(folder);
  expect(record.recoveryPoint?.key).toBe(sandbox().truth.key);
  const chosen = record.questions.filter((question) => question.id === 'choose-snapshot');
  expect(new Set(chosen.map((question) => question.answer)).size).toBe(2);
  expect(record.steps.find((one) => one.id === 'verify-secrets')).toMatchObject({
    outcome: 'skipped',
    reason: 'left out by the operator: the vault is being moved',
  });
});

async function chooseOlder(thaw: PseudoTerminal): Promise<void> {
  await waitForSnapshots(thaw);
  thaw.write(keys.down);
  // The starred one stands above it: the newest.
  await thaw.waitFor(/▸ {2}\d{4}-\d\d-\d\d \d\d:\d\d +1 h/);
  thaw.write(keys.enter);
}

/** Nothing is left out without a reason. */
async function leaveOut(thaw: PseudoTerminal, reason: string): Promise<void> {
  await chooseAfterFailure(thaw, 'go on without it');
  await thaw.waitFor('go on without it, because:');
  thaw.write(keys.enter);
  await thaw.waitFor('go on without it, because (needed):');
  await typeText(thaw, reason);
}
