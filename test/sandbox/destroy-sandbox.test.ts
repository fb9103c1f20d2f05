import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildSandbox } from '../../src/sandbox/build-sandbox.ts';
import { destroySandbox, sweepSandboxes } from '../../src/sandbox/destroy-sandbox.ts';
import { findProcesses } from '../../src/sandbox/proc.ts';
import { commandLinesWith, startServices } from './sandbox-parts.ts';

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'thaw-sweep-'));
  // PostgreSQL's user has to pass through.
  await chmod(parent, 0o711);
});

afterEach(async () => {
  await sweepSandboxes(parent);
  await rm(parent, { recursive: true, force: true });
});

it('leaves the sandbox of a living rehearsal alone and removes all of one that died', async () => {
  const folder = join(parent, 'thaw-sandbox-crash');
  const program = fileURLToPath(new URL('./sandbox-owner.ts', import.meta.url));
  const owner = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [word] = await once(owner.stdout, 'data');
  expect(String(word)).toBe('built\n');
  expect(await sweepSandboxes(parent)).toEqual([]);

  owner.kill('SIGKILL');
  await once(owner, 'exit');
  const orphans = await findProcesses({ folder, commandHolds: '/sandbox/crm/main.' });
  expect(orphans).toHaveLength(3);
  expect((await commandLinesWith(folder)).length).toBeGreaterThan(0);

  expect(await sweepSandboxes(parent)).toEqual([folder]);
  expect(existsSync(folder)).toBe(false);
  expect(await findProcesses({ folder, commandHolds: '' })).toEqual([]);
  expect(await commandLinesWith(folder)).toEqual([]);
});

it('never removes a folder that does not carry its mark', async () => {
  const folder = join(parent, 'thaw-sandbox-mine');
  await mkdir(folder);
  await writeFile(join(folder, 'letter.txt'), 'keep');
  expect(await sweepSandboxes(parent)).toEqual([]);
  await destroySandbox(folder);
  expect(existsSync(join(folder, 'letter.txt'))).toBe(true);
});

it('refuses to build in a folder that holds something', async () => {
  await writeFile(join(parent, 'letter.txt'), 'keep');
  const built = await buildSandbox({ folder: parent, onLine: () => undefined, startServices });
  expect(built).toMatchObject({ ok: false, failure: { code: 'conflict' } });
  expect(existsSync(join(parent, 'letter.txt'))).toBe(true);
});

it('takes everything down again when the services do not start', async () => {
  const folder = join(parent, 'thaw-sandbox-half');
  const built = await buildSandbox({
    folder,
    onLine: () => undefined,
    startServices: async () => ({
      ok: false,
      failure: { code: 'command-failed', message: 'No.', remedy: 'None.', retry: 'never' },
    }),
  });
  expect(built).toMatchObject({ ok: false, failure: { message: 'No.' } });
  expect(existsSync(folder)).toBe(false);
  expect(await commandLinesWith(folder)).toEqual([]);
});
