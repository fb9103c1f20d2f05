import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinShares, splitIntoShares } from '../../../src/adapters/shamir/key-shares.ts';
import { failureFrom, valueFrom } from '../../contracts/object-store.contract.ts';
import { runThaw } from '../../parts/thaw.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-shares-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secret = '# created: today\n# public key: age1…\nAGE-SECRET-KEY-1EXAMPLE\n';

describe('a key in shares', () => {
  it('comes back from any two of three, in any order, however they were typed', async () => {
    const [one = '', two = '', three = ''] = valueFrom(
      await splitIntoShares({ secret, count: 3, needed: 2 }),
    );
    for (const some of [
      [one, two],
      [three, one],
      [two, three],
      [three, two, one],
    ])
      expect(valueFrom(await joinShares(some))).toBe(secret);
    const typed = ` ${one.slice(0, 40)}\n${one.slice(40, 70)} ${one.slice(70)}\n`;
    expect(valueFrom(await joinShares([typed, two]))).toBe(secret);
    for (const share of [one, two, three]) expect(share).not.toContain('AGE-SECRET');
  });

  it('does not come back from too few, from the same one twice, or from one with a slip of the hand', async () => {
    const [one = '', two = ''] = valueFrom(await splitIntoShares({ secret, count: 5, needed: 3 }));
    expect(failureFrom(await joinShares([one, two])).message).toContain('3 are needed');
    expect(failureFrom(await joinShares([one, one, two])).message).toContain('2 different');
    const slip = `${one.slice(0, 30)}${one[30] === 'A' ? 'B' : 'A'}${one.slice(31)}`;
    const misread = failureFrom(await joinShares([slip, two, one]));
    expect(misread.message).toMatch(/^Share 1 cannot be read: its checksum/);
    expect(JSON.stringify(misread)).not.toContain(one.slice(20, 40));
    expect(failureFrom(await joinShares(['a word', two, one])).code).toBe('invalid-input');
  });

  it.each([
    [1, 3],
    [4, 3],
    [2, 300],
  ])('is not split so that %d of %d are needed', async (needed, count) => {
    expect(failureFrom(await splitIntoShares({ secret, count, needed })).code).toBe('invalid-input');
  });

  it('of age is split and joined by two commands that print nothing secret, and never overwrite a key', async () => {
    const thaw = (...args: readonly string[]) =>
      runThaw({ args: ['age-key', ...args], env: { HOME: folder }, cwd: folder });
    execFileSync('age-keygen', ['-o', join(folder, 'age.key')], { stdio: 'ignore' });
    const key = readFileSync(join(folder, 'age.key'), 'utf8');
    const split = await thaw('split', 'age.key', '2/3');
    expect(split.status, split.text).toBe(0);
    const joined = await thaw('join', 'again.key', 'age.key.share-3', 'age.key.share-1');
    expect(joined.status, joined.text).toBe(0);
    expect(readFileSync(join(folder, 'again.key'), 'utf8')).toBe(key);
    expect(statSync(join(folder, 'again.key')).mode & 0o777).toBe(0o400);
    expect(joined.text).toContain(/public key: (\S+)/.exec(key)?.[1]);
    expect(split.text + joined.text).not.toContain('AGE-SECRET');
    expect((await thaw('join', 'again.key', 'age.key.share-3', 'age.key.share-1')).status).not.toBe(0);
    writeFileSync(join(folder, 'no.key'), secret, { mode: 0o600 });
    expect((await thaw('split', 'no.key', '2/3')).status).not.toBe(0);
    expect(existsSync(join(folder, 'no.key.share-1'))).toBe(false);
  });
});
