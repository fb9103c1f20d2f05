import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKeyPair, readPrivateKey, readPublicKeyLine } from '../../src/base/ssh-key.ts';
import { checkSshSignature, makeSshSignature } from '../../src/base/ssh-signature.ts';
import { runsOf } from '../parts/property-runs.ts';

/** Against the real ssh-keygen, both ways. */
let folder = '';
const at = (name: string) => join(folder, name);
const keygen = (args: readonly string[], input = '') =>
  execFileSync('ssh-keygen', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] });
const namespace = 'manifest@thaw';
const message = 'what is signed\n';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-ssh-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kinds = [
  ['ed25519', []],
  ['ecdsa', ['-b', '256']],
  ['ecdsa', ['-b', '384']],
  ['ecdsa', ['-b', '521']],
  ['rsa', ['-b', '2048']],
] as const;

describe('a signature of ssh-keygen', () => {
  it.each(kinds)(
    'with %s %j is good here, and its key has the fingerprint that ssh-keygen says',
    (type, more) => {
      const key = at(`${type}${more.join('')}`);
      keygen(['-q', '-t', type, ...more, '-N', '', '-f', key]);
      // ECDSA halves are shorter now and then: a few signatures meet that.
      for (let round = 0; round < 8; round += 1) {
        const armored = keygen(['-Y', 'sign', '-f', key, '-n', namespace], message);
        const checked = checkSshSignature(armored, { namespace, message });
        expect(checked).toMatchObject({ ok: true });
        expect(keygen(['-l', '-f', `${key}.pub`])).toContain(checked.ok ? checked.fingerprint : '?');
        expect(checkSshSignature(armored, { namespace, message: 'another text' })).toMatchObject({
          ok: false,
        });
        expect(checkSshSignature(armored, { namespace: 'file', message })).toEqual({
          ok: false,
          why: 'was made for "manifest@thaw"',
        });
      }
    },
  );

  it('with an RSA key of 1024 bits proves nothing', () => {
    const key = at('small');
    try {
      keygen(['-q', '-t', 'rsa', '-b', '1024', '-N', '', '-f', key]);
    } catch {
      // A newer ssh-keygen makes none any more.
      return;
    }
    const armored = keygen(['-Y', 'sign', '-f', key, '-n', namespace], message);
    expect(checkSshSignature(armored, { namespace, message })).toMatchObject({
      ok: false,
      why: expect.stringContaining('below 2048 bits'),
    });
  });

  it('with a byte changed is never good, and never throws', () => {
    const key = at('ed25519');
    const armored = keygen(['-Y', 'sign', '-f', key, '-n', namespace], message);
    const genuine = checkSshSignature(armored, { namespace, message });
    const bytes = Buffer.from(armored.split('\n').slice(1, -2).join(''), 'base64');
    const wrap = (content: Buffer) =>
      `-----BEGIN SSH SIGNATURE-----\n${content.toString('base64')}\n-----END SSH SIGNATURE-----\n`;
    expect(checkSshSignature(wrap(bytes), { namespace, message })).toEqual(genuine);
    for (let index = 0; index < bytes.length; index += 1) {
      for (const bit of [1, 128]) {
        const changed = Buffer.from(bytes);
        changed[index] = (changed[index] ?? 0) ^ bit;
        const checked = checkSshSignature(wrap(changed), { namespace, message });
        expect(checked.ok, `${index}`).toBe(false);
      }
      expect(checkSshSignature(wrap(bytes.subarray(0, index)), { namespace, message }).ok).toBe(false);
    }
  });

  it('is told from everything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.string(), (bytes, text) => {
        const wrapped = `-----BEGIN SSH SIGNATURE-----\n${Buffer.from(bytes).toString('base64')}\n-----END SSH SIGNATURE-----\n`;
        expect(checkSshSignature(wrapped, { namespace, message }).ok).toBe(false);
        expect(checkSshSignature(text, { namespace, message }).ok).toBe(false);
      }),
      { numRuns: runsOf(200) },
    );
  });
});

describe('a key of ours', () => {
  it('is one for ssh-keygen, which makes signatures with it and checks ours', () => {
    const made = makeKeyPair('backup of company');
    writeFileSync(at('own'), made.privateText);
    chmodSync(at('own'), 0o600);
    expect(keygen(['-y', '-f', at('own')]).trim()).toBe(made.publicText.trim());
    writeFileSync(at('own.pub'), made.publicText);
    expect(keygen(['-l', '-f', at('own.pub')])).toContain(made.fingerprint);
    const theirs = keygen(['-Y', 'sign', '-f', at('own'), '-n', namespace], message);
    expect(checkSshSignature(theirs, { namespace, message })).toMatchObject({
      fingerprint: made.fingerprint,
    });
    const pair = readPrivateKey(made.privateText);
    if (pair === undefined) throw new Error('The own key cannot be read.');
    const ours = makeSshSignature(pair, { namespace, message });
    // The same key signs the same text alike.
    expect(ours).toBe(theirs);
    writeFileSync(at('ours.sig'), ours);
    writeFileSync(at('allowed'), `backups ${made.publicText}`);
    const verified = keygen(
      ['-Y', 'verify', '-f', at('allowed'), '-I', 'backups', '-n', namespace, '-s', at('ours.sig')],
      message,
    );
    expect(verified).toContain('Good "manifest@thaw" signature');
    expect(readPublicKeyLine(made.publicText)?.toString('base64')).toBe(made.publicText.split(' ')[1]);
  });

  it('of ssh-keygen is read where it has no passphrase, and left to ssh-keygen where it has one', () => {
    keygen(['-q', '-t', 'ed25519', '-N', '', '-f', at('plain')]);
    keygen(['-q', '-t', 'ed25519', '-N', 'words', '-f', at('locked')]);
    const pair = readPrivateKey(readFileSync(at('plain'), 'utf8'));
    if (pair === undefined) throw new Error('The key cannot be read.');
    const armored = makeSshSignature(pair, { namespace, message });
    expect(checkSshSignature(armored, { namespace, message })).toMatchObject({ ok: true });
    for (const name of ['locked', 'ecdsa-b256', 'plain.pub'])
      expect(readPrivateKey(readFileSync(at(name), 'utf8'))).toBeUndefined();
    expect(readPrivateKey('')).toBeUndefined();
  });

  it('in a line of text is found by its form alone', () => {
    for (const line of [
      '',
      'ssh-ed25519',
      'ssh-ed25519 AAAA',
      'ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==',
      'SHA256:x',
    ])
      expect(readPublicKeyLine(line)).toBeUndefined();
  });
});
