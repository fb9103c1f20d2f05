import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openEncrypted, readKey } from '../../../src/steps/secrets/open-encrypted.ts';

const key = randomBytes(32);
type Probe = Pick<Parameters<typeof openEncrypted>[2], 'layout' | 'encoding' | 'ivBytes'>;
const layouts = ['iv:tag:ciphertext', 'iv:ciphertext:tag', 'iv+tag+ciphertext', 'iv+ciphertext+tag'] as const;
const probes = layouts.flatMap((layout) =>
  (['hex', 'base64'] as const).flatMap((encoding) =>
    [12, 16].map((ivBytes): Probe => ({ layout, encoding, ivBytes })),
  ),
);

function encrypt(text: string, { layout, encoding, ivBytes }: Probe): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()]);
  const parts = { iv, tag: cipher.getAuthTag(), ciphertext };
  const inOrder = layout.split(/[:+]/).map((name) => parts[name as keyof typeof parts]);
  if (layout.includes(':')) return inOrder.map((part) => part.toString(encoding)).join(':');
  return Buffer.concat(inOrder).toString(encoding);
}

describe.each(probes)('a value laid out as $layout in $encoding with $ivBytes bytes of iv', (probe) => {
  it('is opened by its key, also when it is empty', () => {
    for (const text of ['sk-live-1234', '', 'ü'.repeat(500)]) {
      expect(openEncrypted(encrypt(text, probe), key, probe)).toEqual({ kind: 'opened' });
    }
  });

  it('is refused under another key, or when one of its bytes changed', () => {
    const value = encrypt('sk-live-1234', probe);
    expect(openEncrypted(value, randomBytes(32), probe)).toEqual({ kind: 'refused' });
    const [first = ''] = value;
    const changed = (first === '0' ? '1' : '0') + value.slice(1);
    expect(openEncrypted(changed, key, probe)).toEqual({ kind: 'refused' });
  });

  it('is malformed when it is plain text, cut off, or empty', () => {
    for (const value of ['sk-live-plain text!', encrypt('x', probe).slice(0, 10), '']) {
      expect(openEncrypted(value, key, probe).kind).toBe('malformed');
    }
  });
});

describe('a key', () => {
  const probe: Probe = { layout: 'iv:tag:ciphertext', encoding: 'hex', ivBytes: 12 };

  it('of the wrong length is told by its length', () => {
    expect(openEncrypted(encrypt('x', probe), readKey('abcd', 'hex'), probe)).toEqual({
      kind: 'malformed',
      why: 'the key has 2 bytes instead of 32',
    });
  });

  it('is read as hex, base64 or text', () => {
    expect(readKey(key.toString('hex'), 'hex')).toEqual(key);
    expect(readKey(key.toString('base64'), 'base64')).toEqual(key);
    expect(readKey('x'.repeat(32), 'utf8')).toHaveLength(32);
  });

  it('opens nothing with more parts than the layout has', () => {
    expect(openEncrypted(`${encrypt('x', probe)}:00`, key, probe).kind).toBe('malformed');
  });
});
