import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { collectKit } from '../../src/app/kit-contents.ts';
import { loadRunbook, readyRunbook } from '../../src/app/load-runbook.ts';
import type { KitFile } from '../../src/backups/kit.ts';
import type { Outcome } from '../../src/base/failure.ts';
import { createWorld } from '../../src/registry/wire.ts';
import { shopRunbook } from '../parts/shop-runbook.ts';

const folder = mkdtempSync(join(tmpdir(), 'thaw-kit-contents-'));
const program = join(folder, 'thaw-linux-x64');
afterAll(() => rm(folder, { recursive: true, force: true }));

function value<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(outcome.failure.message);
}

async function collect(known: readonly KitFile[]) {
  const environment = { LIVE: 'postgresql://shop@127.0.0.1/shop' };
  const loaded = value(await loadRunbook(join(folder, 'runbook.yaml'), { environment, folder }));
  const ready = value(await readyRunbook(loaded, { mode: 'live', environment, envFiles: [] }));
  const world = createWorld(environment);
  try {
    return value(await collectKit({ ready, world, folder, known, onLine: () => undefined }));
  } finally {
    await world.close();
  }
}

describe('The program of a kit', () => {
  it('is read where it was touched since the kit before, and not where it was not', async () => {
    writeFileSync(program, 'one');
    const producer = { host: 'shop-1', kit: { program } };
    writeFileSync(join(folder, 'runbook.yaml'), shopRunbook({ store: join(folder, 'store'), producer }));
    const first = await collect([]);
    const read = first.contents.find(({ role }) => role === 'program');
    expect(read).toMatchObject({ content: Buffer.from('one'), source: expect.any(String) });
    expect(first.stored).toEqual([]);
    // No digest of it: whoever read the file would say another one.
    const { source = '' } = read ?? {};
    const known: KitFile = {
      ...{ path: 'thaw-linux-x64', role: 'program', executable: true, packed: 'gzip', source },
      ...{ object: `files/${'0'.repeat(16)}/thaw-linux-x64.gz`, sha256: '0'.repeat(64), sizeBytes: 3 },
    };
    const second = await collect([known]);
    expect(second.stored).toEqual([known]);
    expect(second.contents.map(({ role }) => role)).not.toContain('program');
    // As long as before.
    writeFileSync(program, 'two');
    const third = await collect([known]);
    expect(third.stored).toEqual([]);
    expect(third.contents.find(({ role }) => role === 'program')?.content).toEqual(readFileSync(program));
  });
});
