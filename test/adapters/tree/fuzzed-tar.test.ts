import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeTar } from '../../../src/adapters/tree/judge-tar.ts';
import { mutated } from '../../parts/mutations.ts';
import { runsOf } from '../../parts/property-runs.ts';

let folder = '';
let genuine = Buffer.alloc(0);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-fuzzed-'));
  const archive = pack();
  archive.entry({ name: 'media/', type: 'directory' });
  archive.entry({ name: 'media/receipts/one.pdf', mode: 0o4755 }, 'one');
  archive.entry({ name: 'media/link', type: 'symlink', linkname: 'receipts/one.pdf' });
  archive.entry({ name: `media/${'long-'.repeat(40)}name`, pax: { comment: 'x' } }, 'two');
  archive.entry({ name: 'media/hard', type: 'link', linkname: 'media/receipts/one.pdf' });
  archive.finalize();
  genuine = await buffer(archive);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a changed archive of files', () => {
  it('is refused, or holds nothing that leads out of its folder', async () => {
    const file = join(folder, 'changed.tar');
    await fc.assert(
      fc.asyncProperty(mutated(genuine), async (bytes) => {
        writeFileSync(file, bytes);
        const judged = await judgeTar({ file });
        if (!judged.ok) return;
        for (const { name } of judged.value) {
          expect(name.split('/')).not.toContain('..');
          expect(name.startsWith('/')).toBe(false);
        }
      }),
      { numRuns: runsOf(500) },
    );
  });
});
