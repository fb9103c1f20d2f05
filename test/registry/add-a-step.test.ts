import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'thaw-add-a-step-'));
const page = readFileSync(join(root, 'docs/add-a-step.md'), 'utf8');
const list = join(copy, 'src/registry/kinds.ts');

/** What a reader does: each named file is written, and the list gets its import and its line. */
beforeAll(() => {
  for (const part of ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const files = [...page.matchAll(/^File `([^`]+)`:\n\n```ts\n([\s\S]*?)^```/gm)];
  for (const [, path = '', text = ''] of files) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    writeFileSync(join(copy, path), text);
  }
  const [, addition = ''] = page.split('## 3. Add its line');
  const [line = '', entry = ''] = [...addition.matchAll(/```ts\n([\s\S]*?)```/g)].map(
    ([, text]) => text ?? '',
  );
  const before = readFileSync(list, 'utf8');
  const after = line + before.replace('const kinds: readonly StepHandler[] = [\n', (head) => head + entry);
  expect(files).toHaveLength(2);
  expect(after.split('\n').length - before.split('\n').length).toBe(2);
  writeFileSync(list, after);
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

const node = (script: string) =>
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: copy, encoding: 'utf8' });

describe('docs/add-a-step.md', () => {
  it('adds a kind that compiles, with one folder and one line of a list', () => {
    const tsc = join(root, 'node_modules/.bin/tsc');
    expect(
      execFileSync(tsc, ['-p', 'tsconfig.build.json', '--noEmit'], { cwd: copy, encoding: 'utf8' }),
    ).toBe('');
  });

  it('adds a kind that the schema of runbooks knows, with its fields and their descriptions', () => {
    const said = node(`
      import { runbookSchema } from './src/registry/kinds.ts';
      import { runbookJsonSchema } from './src/runbook/parse-runbook.ts';
      process.stdout.write(JSON.stringify(runbookJsonSchema(runbookSchema)));
    `);
    expect(said).toContain('"const":"wait-for-url"');
    expect(said).toContain('How long the page may take to answer');
  });

  it('adds a kind that runs: it waits until the page answers', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(asked < 3 ? 503 : 200).end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const script = `
      import { createDiskHost } from './src/adapters/disk/disk-host.ts';
      import { handlers, runbookSchema } from './src/registry/kinds.ts';
      const facts = new Map();
      const context = {
        ...{ mode: 'live', world: { host: createDiskHost({ env: {} }) }, signal: new AbortController().signal },
        ...{ fact: (name) => facts.get(name), record: async ({ name }, value) => void facts.set(name, value) },
        output: (line) => console.error(line),
      };
      const { steps: [step] } = runbookSchema.parse({
        thaw: 1, name: 'toy', title: 'Toy', objectives: { rto: '1h', rpo: '1h' }, production: {},
        steps: [{ kind: 'wait-for-url', url: 'http://127.0.0.1:${port}/' }],
      });
      const kind = handlers['wait-for-url'];
      const ran = await kind.run(step, context);
      console.log(JSON.stringify({ ran, verified: await kind.verify(step, context) }));
    `;
    const { execFile } = await import('node:child_process');
    const { promisify } = await import('node:util');
    const done = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: copy,
    });
    server.close();
    expect(asked).toBe(3);
    expect(JSON.parse(done.stdout)).toMatchObject({
      ran: { ok: true, value: { kind: 'done' } },
      verified: { ok: true, value: [{ verdict: 'passed' }] },
    });
  });
});
