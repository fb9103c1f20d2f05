import { beforeAll, expect, test } from 'vitest';
import type { PseudoTerminal } from '../../terminal/pseudo-terminal.ts';
import { useFolder, useSandbox } from './open-sandbox.ts';
import { openThaw, readNewestRun } from './open-thaw.ts';
import {
  begin,
  chooseNewest,
  keys,
  leaveEnd,
  textOf,
  waitForEnd,
  waitForKeys,
  waitForSnapshots,
  waitForSwap,
} from './press-keys.ts';
import { brokenPromises, replayFrames } from './replay-frames.ts';

const sandbox = useSandbox();
const newFolder = useFolder();
let folder = '';

beforeAll(async () => {
  folder = await newFolder('any');
});

const open = (env: Readonly<Record<string, string>> = {}) =>
  openThaw({ args: ['restore', 'rehearsal'], folder, env: { ...sandbox().environment, ...env } });

/** No is an answer that touches nothing. */
async function sayNo(thaw: PseudoTerminal): Promise<number> {
  await waitForKeys(thaw, 'y begin');
  thaw.write('n');
  expect(textOf(await waitForEnd(thaw))).toContain('The run was not begun.');
  return leaveEnd(thaw);
}

async function stopTwice(thaw: PseudoTerminal): Promise<number> {
  thaw.write(keys.ctrlC);
  await thaw.waitFor('Leave the screen?');
  thaw.write(keys.ctrlC);
  await thaw.waitFor('Stopped at a safe point', 20_000);
  return leaveEnd(thaw);
}

test('a storm of resizes at each stage of a walk leaves one clean picture each time, and the walk goes on', {
  timeout: 90_000,
}, async () => {
  const thaw = open();
  const storm = async () => {
    const sizes = [
      [200, 60],
      [60, 16],
      [120, 20],
      [61, 40],
      [300, 17],
      [40, 8],
      [90, 24],
      [80, 24],
    ] as const;
    for (const [columns, rows] of sizes) {
      thaw.resize({ columns, rows });
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    const clean = (rows: readonly string[]) =>
      rows.length === 24 &&
      rows.filter((row) => row.includes(' LIVE  Rehearsal')).length === 1 &&
      rows[0]?.startsWith(' LIVE  Rehearsal') === true &&
      rows[23] === '';
    await thaw.waitFor(clean);
  };
  await waitForKeys(thaw, 'y begin');
  await storm();
  await begin(thaw);
  await waitForSnapshots(thaw);
  await storm();
  await chooseNewest(thaw);
  // On a fast machine the restore may be over before anybody looks.
  await thaw.waitFor(/pg_restore:|Swap the restored database/, 20_000);
  await storm();
  await waitForSwap(thaw);
  await storm();
  expect(await stopTwice(thaw)).toBe(5);
  expect(thaw.bytes()).not.toContain('\x1b[3J');
  expect(thaw.leftBehind()).toEqual([]);
});

test('NO_COLOR leaves not one colour in a walk that shows a failure, and every sign has its word', {
  timeout: 60_000,
}, async () => {
  const thaw = open({ NO_COLOR: '1' });
  await begin(thaw);
  await chooseNewest(thaw);
  await waitForSwap(thaw);
  thaw.write(keys.escape);
  await thaw.waitFor('✗ Restore PostgreSQL failed.');
  expect(await stopTwice(thaw)).toBe(5);
  expect(colorsIn(thaw.bytes())).toEqual([]);
  expect(await brokenPromises({ bytes: thaw.bytes() })).toEqual([]);
  const shown = (await replayFrames({ bytes: thaw.bytes() })).map((frame) => frame.rows.join('\n'));
  expect(shown.some((text) => /✓ 3 Fetch +done/.test(text))).toBe(true);
});

test('CI=true in the environment of a server takes nothing from an operator at its terminal', {
  timeout: 30_000,
}, async () => {
  const thaw = open({ CI: 'true' });
  expect(await sayNo(thaw)).toBe(5);
  expect(thaw.bytes()).toContain('\x1b[?1049h');
  expect(await brokenPromises({ bytes: thaw.bytes() })).toEqual([]);
});

test('on SSH without tmux or screen the start says what a lost session means, inside tmux it does not', {
  timeout: 60_000,
}, async () => {
  const hint = 'This SSH session is not inside tmux or screen.';
  const ssh = { SSH_CONNECTION: '192.0.2.7 50022 192.0.2.1 22' };
  const alone = open(ssh);
  const asked = await waitForKeys(alone, 'y begin');
  expect(`${textOf(asked)} ${textOf(alone.scrollback())}`).toContain(hint);
  await sayNo(alone);
  const { record } = await readNewestRun(folder);
  expect(record.host.sshFrom).toBe('192.0.2.7');
  const inTmux = open({ ...ssh, TMUX: '/tmp/tmux-0/default,1,0' });
  await sayNo(inTmux);
  const shown = (await replayFrames({ bytes: inTmux.bytes() })).map((frame) => textOf(frame.rows));
  expect(shown.filter((text) => text.includes(hint))).toEqual([]);
});

/** Colours only: bold, dim and inverse stay, since they need no colour. */
function colorsIn(bytes: string): readonly string[] {
  return bytes
    .split('\x1b[')
    .flatMap((part) => (/^[\d;:]*m/.exec(part)?.[0] ?? '').split(/[;:m]/))
    .filter((code) => /^(3[0-8]|4[0-8]|9[0-7]|10[0-7])$/.test(code));
}
