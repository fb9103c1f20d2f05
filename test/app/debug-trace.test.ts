import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../src/adapters/process/execa-process-runner.ts';
import { maskInTrace, startDebugTrace } from '../../src/app/debug-trace.ts';
import { createRedactor } from '../../src/base/secret.ts';
import { traced, withoutLiterals } from '../../src/platform/trace.ts';

let folder = '';
let said = '';
let end: () => void = () => {};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-trace-'));
  said = '';
});
afterEach(() => {
  end();
  rmSync(folder, { recursive: true });
});

function start(given: {
  readonly debug?: string;
  readonly argv?: readonly string[];
  readonly isTTY?: boolean;
}) {
  const write = (text: string) => {
    said += text;
    return true;
  };
  const environment = { THAW_DEBUG: given.debug, S3_SECRET_KEY: 'of-the-environment' };
  end = startDebugTrace({
    argv: given.argv ?? ['check', 'shop', '--log-dir', 'logs'],
    context: { environment, folder, stderr: { isTTY: given.isTTY ?? false, write } },
  });
}

const ask = (text: string, outcome = 'ok') =>
  traced({ kind: 'store', text: () => text, outcome: () => outcome }, async () => 'an answer');
const file = () => join(folder, 'logs', `debug-${process.pid}.log`);

describe('THAW_DEBUG', () => {
  it('writes what is asked, how long it took and how it ended into a file of the log folder that nobody else may read', async () => {
    start({ debug: '1' });
    await createProcessRunner().run({ stallMs: 60_000, program: 'sh', args: ['-c', 'exit 3'] });
    await ask('s3://backups read pg/14.dump', '12 bytes');
    expect(readFileSync(file(), 'utf8').split('\n')).toEqual([
      expect.stringMatching(/^20\S+Z program +\d+ ms {2}exit 3 +sh -c 'exit 3'$/),
      expect.stringMatching(/^20\S+Z store +\d+ ms {2}12 bytes s3:\/\/backups read pg\/14\.dump$/),
      '',
    ]);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(said).toBe('');
  });

  it('masks what the environment calls a secret, and what a runbook knows as one, in every form', async () => {
    start({ debug: '1', argv: ['check', 'shop', '--log-dir=logs'] });
    maskInTrace(createRedactor(['pass word of the drill']));
    await ask('one of-the-environment, two pass word of the drill, three pass%20word%20of%20the%20drill');
    expect(readFileSync(file(), 'utf8')).toMatch(/one ‹secret›, two ‹secret›, three ‹secret›\n$/);
  });

  it('keeps no answer, tells of an error by its code alone, and one thing on one line', async () => {
    start({ debug: '1' });
    await ask('two\nlines');
    const broken = Object.assign(new Error('row (1, secret) violates'), { code: '23505' });
    await expect(
      traced({ kind: 'sql', text: () => 'INSERT', outcome: () => '' }, () => Promise.reject(broken)),
    ).rejects.toBe(broken);
    const text = readFileSync(file(), 'utf8');
    expect(text).toMatch(/ two lines\n.* error 23505 INSERT\n$/);
    expect(text).not.toMatch(/answer|violates/);
  });

  it('goes to standard error where that is no terminal, and never onto one', async () => {
    start({ debug: 'stderr' });
    await ask('here');
    expect(said).toMatch(/ here\n$/);
    expect(readdirSync(folder)).toEqual([]);
    end();
    start({ debug: 'stderr', isTTY: true });
    const before = said;
    await ask('there');
    expect(said).toBe(before);
    expect(readFileSync(file(), 'utf8')).toMatch(/ there\n$/);
  });

  it('left out traces nothing, and any other word is told', async () => {
    start({});
    await ask('unseen');
    start({ debug: 'yes' });
    await ask('unseen');
    expect(said).toBe('THAW_DEBUG is “yes”; 1 and stderr are understood. Nothing is traced.\n');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that cannot be written says so and lets the command go on', async () => {
    start({ debug: '1', argv: ['check', '--log-dir', '/dev/null/none'] });
    expect(await ask('goes on')).toBe('an answer');
    expect(said).toMatch(/THAW_DEBUG: cannot write .*Nothing is traced/);
  });
});

describe('a statement in the trace', () => {
  it('has no literal, whatever quotes it', () => {
    expect(withoutLiterals("ALTER ROLE a PASSWORD 'it''s' VALID UNTIL 'tomorrow'")).toBe(
      "ALTER ROLE a PASSWORD '…' VALID UNTIL '…'",
    );
    expect(withoutLiterals("DO $x$ BEGIN 'a' END $x$; SELECT $$b$$, $1")).toBe('DO $…$; SELECT $…$, $1');
  });
});
