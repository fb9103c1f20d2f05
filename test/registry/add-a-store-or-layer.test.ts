import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'thaw-add-'));
/** A compiler and a test run of their own, on a host that others use, too. */
const patienceMs = 300_000;

/** What a reader does: each named file is written, and the list gets its import and its line. */
function follow(page: { readonly name: string; readonly list: string; readonly into: string }): void {
  const text = readFileSync(join(root, 'docs', page.name), 'utf8');
  const files = [...text.matchAll(/^File `([^`]+)`:\n\n```ts\n([\s\S]*?)^```/gm)];
  expect(files.length).toBeGreaterThan(0);
  for (const [, path = '', content = ''] of files) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    writeFileSync(join(copy, path), content);
  }
  const [, addition = ''] = text.split('Add its line\n');
  const [line = '', entry = ''] = [...addition.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, one]) => one ?? '');
  const list = join(copy, page.list);
  const before = readFileSync(list, 'utf8');
  const after = line + before.replace(page.into, `${page.into}${entry}`);
  expect(after.split('\n').length - before.split('\n').length).toBe(2);
  expect(after).not.toBe(line + before);
  writeFileSync(list, after);
}

beforeAll(() => {
  for (const part of ['src', 'test/contracts', 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  // Biome may write a short list in one line.
  for (const path of ['src/stores/list.ts', 'src/layers/list.ts']) {
    const text = readFileSync(join(copy, path), 'utf8');
    writeFileSync(join(copy, path), text.replace(/(= \[)(?=\S)/, '$1\n  '));
  }
  follow({ name: 'add-a-store.md', list: 'src/stores/list.ts', into: 'stores: Kinds<StoreKind> = [\n' });
  follow({ name: 'add-a-layer.md', list: 'src/layers/list.ts', into: 'layers: readonly LayerKind[] = [\n' });
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

const node = (script: string) =>
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: copy, encoding: 'utf8' });

describe('docs/add-a-store.md and docs/add-a-layer.md', () => {
  it(
    'add what compiles, with a folder or a file each and one line of a list',
    () => {
      const tsc = join(root, 'node_modules/.bin/tsc');
      const compiled = execFileSync(tsc, ['-p', 'tsconfig.build.json', '--noEmit'], {
        cwd: copy,
        encoding: 'utf8',
      });
      expect(compiled).toBe('');
    },
    patienceMs,
  );

  it('add what a runbook may say, and editors know', () => {
    const said = node(`
      import { runbookSchema } from './src/registry/kinds.ts';
      import { runbookJsonSchema } from './src/runbook/parse-runbook.ts';
      process.stdout.write(JSON.stringify(runbookJsonSchema(runbookSchema)));
    `);
    expect(said).toContain('"const":"memory"');
    expect(said).toContain('What tells it from another one');
    expect(said).toMatch(/"enum":\["none"[^\]]*"zlib"/);
  });

  it(
    'add a store that keeps the promises of every store',
    () => {
      const vitest = join(root, 'node_modules/.bin/vitest');
      const told = join(copy, 'told.json');
      const options = ['--root', copy, '--reporter=json', `--outputFile=${told}`, 'test/stores/memory'];
      execFileSync(vitest, ['run', ...options], { cwd: copy, encoding: 'utf8' });
      const report = JSON.parse(readFileSync(told, 'utf8'));
      expect(report).toMatchObject({ success: true, numFailedTests: 0 });
      expect(report.numPassedTests).toBeGreaterThan(40);
    },
    patienceMs,
  );

  it(
    'add a layer that a dump comes back from as it was, whose ending keys have, and that tells what is damaged',
    () => {
      const said = node(`
        import { createHash, randomBytes } from 'node:crypto';
        import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
        import { join } from 'node:path';
        import { Readable } from 'node:stream';
        import { buffer } from 'node:stream/consumers';
        import { formatKey } from './src/backups/format-key.ts';
        import { parseLayout } from './src/backups/layout.ts';
        import { openPacker } from './src/layers/open-packer.ts';
        import { openUnpacker } from './src/layers/open-unpacker.ts';
        const processes = { run: () => Promise.reject(new Error('no program')) };
        const content = randomBytes(300_000);
        const packer = openPacker({ config: { compression: 'zlib', sealing: { kind: 'none' } }, processes });
        const packed = await packer.pack(Readable.from([content], { objectMode: false }));
        const bytes = await buffer(packed.value);
        const layout = parseLayout('pg/{host}/{timestamp}.dump[.gz][.zz]');
        const key = formatKey(layout, { timeMs: 0, host: 'h', name: 'n', layers: packer.layers });
        const open = async (stored) => {
          const folder = mkdtempSync('layer-');
          const [fromFile, toFile] = [join(folder, 'packed'), join(folder, 'dump')];
          writeFileSync(fromFile, stored);
          const { layers } = layout.match(key.value);
          const opened = await openUnpacker({ keys: {}, processes }).unpack({ fromFile, toFile, layers, onProgress() {} });
          return opened.ok ? readFileSync(toFile).equals(content) : opened.failure.code;
        };
        const changed = Buffer.from(bytes).fill(0xff, 1_000, 1_100);
        console.log(JSON.stringify([key.value, await open(bytes), await open(bytes.subarray(0, 9_000)), await open(changed)]));
      `);
      expect(JSON.parse(said)).toEqual(['pg/h/19700101T000000Z.dump.zz', true, 'damaged', 'damaged']);
    },
    patienceMs,
  );
});
