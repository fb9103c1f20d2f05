import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { onTestFinished, test } from 'vitest';
import { launcher } from '../scenarios/terminal/open-thaw.ts';
import { openPseudoTerminal, type PseudoTerminal } from './pseudo-terminal.ts';
import { makeWalkFolder, values } from './walk-folder.ts';

const socket = `thaw-${randomBytes(4).toString('hex')}`;

function tmux(...args: readonly string[]): string {
  return execFileSync('tmux', ['-L', socket, ...args], { encoding: 'utf8' });
}

function attach(size: { readonly columns: number; readonly rows: number }): PseudoTerminal {
  return openPseudoTerminal({ file: 'tmux', args: ['-L', socket, 'attach'], ...size });
}

/** tmux keeps its last row for itself. */
const body = (rows: readonly string[]) => rows.slice(0, -1).join('\n');

test('inside tmux a dropped connection changes nothing: attached again at another size, the walk stands there whole', {
  timeout: 120_000,
}, async () => {
  const folder = makeWalkFolder();
  const env = Object.entries({ ...values, LANG: 'C.UTF-8' }).map(([name, value]) => `${name}=${value}`);
  tmux(
    '-f',
    '/dev/null',
    'new-session',
    '-d',
    '-x',
    '100',
    '-y',
    '31',
    '-c',
    folder,
    ['env', ...env, process.execPath, launcher, 'restore walk; sleep 60'].join(' '),
  );
  onTestFinished(() => void tmux('kill-server'));
  const first = attach({ columns: 100, rows: 31 });
  await first.waitFor('y begin', 40_000);
  first.close();
  const second = attach({ columns: 80, rows: 25 });
  // Whole, and no part of it twice.
  await second.waitFor(
    (rows) =>
      (rows[22] ?? '').startsWith(' y begin') &&
      body(rows).match(/Begin /g)?.length === 1 &&
      body(rows).match(/elapsed/g)?.length === 1,
    15_000,
  );
  second.write('y');
  await second.waitFor('✗ Work failed.', 40_000);
  second.write('q');
  await second.waitFor('Leave the screen?');
  second.write('\x03');
  await second.waitFor('Stopped at a safe point', 40_000);
  second.write(' ');
  await second.waitFor('Go on with: thaw resume', 40_000);
  second.close();
});
