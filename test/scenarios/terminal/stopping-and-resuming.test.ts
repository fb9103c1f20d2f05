import { beforeAll, expect, test } from 'vitest';
import { useFolder, useSandbox } from './open-sandbox.ts';
import { isAlive, journalText, openThaw, readNewestRun, waitUntil } from './open-thaw.ts';
import {
  attest,
  begin,
  chooseNewest,
  keys,
  leaveEnd,
  swap,
  textOf,
  waitForEnd,
  waitForSwap,
} from './press-keys.ts';
import { brokenPromises } from './replay-frames.ts';

const sandbox = useSandbox();
const newFolder = useFolder();
let folder = '';

beforeAll(async () => {
  folder = await newFolder('stopping');
});

const open = (...args: readonly string[]) => openThaw({ args, folder, env: sandbox().environment });

test('Ctrl+C asks, a second one stops at a safe point, and the screen of thaw resume goes on from there', {
  timeout: 90_000,
}, async () => {
  const thaw = open('restore', 'rehearsal');
  await begin(thaw);
  await chooseNewest(thaw);
  await waitForSwap(thaw);
  thaw.write(keys.ctrlC);
  const asked = await thaw.waitFor('Leave the screen?');
  expect(textOf(asked)).toContain('Pressed again, stops the run at its next safe point.');
  thaw.write(keys.ctrlC);
  const stopped = textOf(await thaw.waitFor('Stopped at a safe point', 20_000));
  expect(stopped).toContain('Go on with: thaw resume');
  expect(await leaveEnd(thaw)).toBe(5);
  expect(thaw.leftBehind()).toEqual([]);
  const { record, runId } = await readNewestRun(folder);
  expect(record.result.state).toBe('stopped');

  const again = open('resume');
  // What is done stays done: the first thing asked is the name of the database.
  const asking = await waitForSwap(again);
  expect(asking[0]).toContain('LIVE  Rehearsal');
  await swap(again);
  await attest(again, 'it counts');
  expect(textOf(await waitForEnd(again))).toContain('9 of 9 steps passed');
  expect(await leaveEnd(again)).toBe(0);
  for (const { bytes } of [thaw, again]) expect(await brokenPromises({ bytes: bytes() })).toEqual([]);
  const resumed = await readNewestRun(folder);
  expect(resumed.runId).toBe(runId);
  expect(resumed.record.resumed).toHaveLength(1);
  const attempts = resumed.record.steps.map((step) => step.attempts.length);
  expect(attempts).toEqual([1, 1, 1, 1, 2, 1, 1, 1, 1]);
  expect(countKind(await journalText(folder), 'command-run', 'CREATE DATABASE')).toBe(1);
});

test('a terminal closed in the middle of a step loses nothing: the run goes on to its next question, and resume answers it', {
  timeout: 90_000,
}, async () => {
  const thaw = open('restore', 'rehearsal');
  await begin(thaw);
  await chooseNewest(thaw);
  await swap(thaw);
  await thaw.waitFor(/▸ 8 Start services +now/, 20_000);
  const atClosing = await journalText(folder);
  expect(atClosing).not.toContain('"stepId":"start-services","attempt":1,"verdict"');
  thaw.close();
  await waitUntil(() => !isAlive(thaw.pid), 30_000);
  await waitUntil(async () => (await journalText(folder)).includes('"smoke-checklist.look"'), 30_000);

  const again = open('resume');
  await attest(again, 'it counts');
  expect(textOf(await waitForEnd(again))).toContain('9 of 9 steps passed');
  expect(await leaveEnd(again)).toBe(0);
  const { record } = await readNewestRun(folder);
  expect(record.result).toMatchObject({ state: 'finished', verdict: 'passed' });
  expect(record.resumed).toEqual([]);
  expect(record.steps.map((step) => step.attempts.length)).toEqual(Array(9).fill(1));
});

function countKind(journal: string, kind: string, text: string): number {
  return journal.split('\n').filter((line) => line.includes(`"kind":"${kind}"`) && line.includes(text))
    .length;
}
