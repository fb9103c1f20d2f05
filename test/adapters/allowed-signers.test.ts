import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSigner } from '../../src/base/allowed-signers.ts';
import { checkSshSignature } from '../../src/base/ssh-signature.ts';

const namespace = 'thaw-record';
const message = 'what was signed\n';
let folder = '';
const at = (name: string) => join(folder, name);
const keygen = (...args: readonly string[]) =>
  execFileSync('ssh-keygen', [...args], {
    input: message,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-signers-'));
  for (const name of ['one', 'other']) keygen('-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', at(name));
  writeFileSync(at('sig'), keygen('-Y', 'sign', '-f', at('one'), '-n', namespace));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What ssh-keygen itself says of the same file. */
function byOpenSsh(principal: string): boolean {
  try {
    keygen('-Y', 'verify', '-f', at('allowed'), '-I', principal, '-n', namespace, '-s', at('sig'));
    return true;
  } catch {
    return false;
  }
}

function byUs() {
  const checked = checkSshSignature(readFileSync(at('sig'), 'utf8'), { namespace, message });
  if (!checked.ok) throw new Error(checked.why);
  const text = readFileSync(at('allowed'), 'utf8');
  return findSigner(text, { blob: checked.blob, namespace, nowMs: Date.now() });
}

describe('a file of allowed signers', () => {
  it.each([
    ['alone', (one: string) => `ann ${one}`, true],
    [
      'among others, with comments',
      (one: string, other: string) => `# people\n\nbob ${other}\nann ${one}`,
      true,
    ],
    ['of another key', (_one: string, other: string) => `ann ${other}`, false],
    ['with several names', (one: string) => `ann,bob ${one}`, true],
    ['with a name in quotes', (one: string) => `"ann" ${one}`, true],
    ['for this namespace', (one: string) => `ann namespaces="file,thaw-record" ${one}`, true],
    ['for namespaces by a pattern', (one: string) => `ann namespaces="thaw-*" ${one}`, true],
    ['for another namespace', (one: string) => `ann namespaces="manifest@thaw" ${one}`, false],
    ['that is valid already', (one: string) => `ann valid-after="20200101" ${one}`, true],
    ['that is not valid yet', (one: string) => `ann valid-after="29990101Z" ${one}`, false],
    ['that is valid no more', (one: string) => `ann valid-before="20200101120000Z" ${one}`, false],
    [
      'with several options',
      (one: string) => `ann namespaces="thaw-record,file",valid-before="29990101" ${one}`,
      true,
    ],
    ['of an authority', (one: string) => `ann cert-authority ${one}`, false],
    ['with an option nobody knows', (one: string) => `ann allows-all ${one}`, false],
    ['that is commented out', (one: string) => `#ann ${one}`, false],
  ])('%s is read as ssh-keygen reads it', (_what, write, allowed) => {
    const key = (name: string) => readFileSync(at(`${name}.pub`), 'utf8').trim();
    writeFileSync(at('allowed'), `${write(key('one'), key('other'))}\n`);
    expect(byOpenSsh('ann')).toBe(allowed);
    expect(byUs()).toEqual(allowed ? { principal: 'ann' } : { why: expect.any(String) });
  });
});
