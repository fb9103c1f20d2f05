import { describe, expect, it } from 'vitest';
import { decryptDump } from '../../../src/steps/decrypt/decrypt.ts';
import { toyStep } from '../../engine/toy-handlers.ts';
import { archiveBytes } from '../../fakes/archive-bytes.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';

const step = toyStep('decrypt') as never;

function contextWith(layers: readonly string[], content: Buffer) {
  const context = createFakeContext({
    facts: {
      snapshot: { id: '14', key: 'k', takenAtMs: 0, sizeBytes: 1, layers, loss: 'l' },
      'dump-file': { path: '/scratch/k', sizeBytes: content.length, sha256: 's', md5: 'm', how: 'GET' },
    },
  });
  context.world.host.files.set('/scratch/k', content);
  return context;
}

describe('decrypting and unpacking', () => {
  it('leaves an archive that the next step can read, and says how it was authenticated', async () => {
    const context = contextWith(['openpgp', 'gzip'], archiveBytes());
    expect((await decryptDump.run(step, context)).ok).toBe(true);
    expect(context.facts.get('archive-file')).toMatchObject({ path: '/scratch/archive.dump' });
    expect(words(await decryptDump.verify(step, context))).toEqual([
      'passed: decrypted and authenticated to its end, with the fake',
      expect.stringMatching(/^passed: 4 entries in the \w+, data of 2 tables$/),
    ]);
  });

  it('does not call authenticated what was never encrypted', async () => {
    const context = contextWith(['gzip'], archiveBytes());
    await decryptDump.run(step, context);
    expect(words(await decryptDump.verify(step, context))[0]).toBe(
      'passed: unpacked to its end (gzip); it was not encrypted',
    );
  });

  it('fails when what came out is no archive, or one that is too new', async () => {
    for (const content of [Buffer.from('CREATE TABLE'), archiveBytes(16)]) {
      const context = contextWith(['gzip'], content);
      const ran = await decryptDump.run(step, context);
      expect(ran.ok && (await decryptDump.verify(step, context)).ok).toBe(false);
    }
  });

  it('shows beforehand which key is at hand', async () => {
    const context = createFakeContext({});
    expect(words(await decryptDump.check(step, context))).toEqual(['passed: key at hand: a key of the test']);
    expect(context.facts.get('key-at-hand')).toEqual({
      kind: 'key',
      keyIds: ['0123456789ABCDEF'],
      text: 'a key of the test',
    });
  });
});
