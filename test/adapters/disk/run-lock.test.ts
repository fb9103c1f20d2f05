import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeLock } from '../../../src/adapters/disk/run-lock.ts';
import { failureFrom, valueFrom } from '../../contracts/object-store.contract.ts';

describe('The lock of a run', () => {
  let folder: string;
  let path: string;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thaw-lock-'));
    path = join(folder, 'crm.lock');
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map(kill));
    await rm(folder, { recursive: true, force: true });
  });
  const hold = async () => {
    const child = startHolder(path);
    children.push(child);
    return { child, said: await readLine(child) };
  };

  test('is held by one process at a time, and the other hears whose it is and since when', async () => {
    const { child, said } = await hold();
    expect(said).toBe('taken');
    const failure = failureFrom(await takeLock({ path }));
    expect(failure.code).toBe('conflict');
    expect(failure.message).toContain(`process ${child.pid} on `);
    expect(failure.message).toMatch(/since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
    expect(failure.remedy).toContain(`${child.pid}`);
  });

  test('is free again after its release, and a second release harms nobody', async () => {
    const first = valueFrom(await takeLock({ path }));
    expect(failureFrom(await takeLock({ path })).code).toBe('conflict');
    await first.release();
    const second = valueFrom(await takeLock({ path }));
    await first.release();
    expect(failureFrom(await takeLock({ path })).code).toBe('conflict');
    await second.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('is inherited from an owner that was killed', async () => {
    const { child } = await hold();
    await kill(child);
    const lock = valueFrom(await takeLock({ path }));
    expect(await readdir(folder)).toEqual(['crm.lock']);
    await lock.release();
  });

  test('is inherited when its owner’s pid belongs to another process by now, or the host was started anew', async () => {
    const lock = valueFrom(await takeLock({ path }));
    const own = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await lock.release();
    for (const change of [{ startTicks: '1' }, { bootId: 'of-yesterday' }]) {
      await writeFile(path, JSON.stringify({ ...own, ...change, nonce: 'aaaa' }));
      const inherited = valueFrom(await takeLock({ path }));
      await inherited.release();
    }
  });

  test('is not taken from another host, nor when nobody can tell whose it is', async () => {
    const lock = valueFrom(await takeLock({ path }));
    const own = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await lock.release();
    await writeFile(path, JSON.stringify({ ...own, host: 'elsewhere', pid: 1 }));
    expect(failureFrom(await takeLock({ path })).remedy).toContain('on elsewhere');
    await writeFile(path, '');
    expect(failureFrom(await takeLock({ path })).code).toBe('conflict');
  });

  test('is won by exactly one of many who find their predecessor dead', async () => {
    for (let round = 0; round < 3; round += 1) {
      const { child } = await hold();
      await kill(child);
      const said = await Promise.all(Array.from({ length: 5 }, async () => (await hold()).said));
      expect(said.filter((line) => line === 'taken')).toHaveLength(1);
      expect(said.filter((line) => line.startsWith('conflict'))).toHaveLength(4);
      await Promise.all(children.splice(0).map(kill));
    }
  });

  test('is won by exactly one of many tasks, round after round', async () => {
    const dead = {
      pid: 2 ** 22 + 1,
      host: hostname(),
      bootId: '',
      startTicks: '1',
    };
    for (let round = 0; round < 50; round += 1) {
      await writeFile(
        path,
        JSON.stringify({ ...dead, nonce: `dead${round}`, since: new Date().toISOString() }),
      );
      // An heir that died between its claim and its rename stands in between, every other time.
      const heir = { ...dead, nonce: `heir${round}`, since: new Date().toISOString() };
      if (round % 2 === 1) await writeFile(`${path}.after-dead${round}`, JSON.stringify(heir));
      const outcomes = await Promise.all(Array.from({ length: 8 }, () => takeLock({ path })));
      const locks = outcomes.filter((outcome) => outcome.ok);
      expect(locks).toHaveLength(1);
      expect(await readdir(folder)).toEqual(['crm.lock']);
      await rm(path);
    }
  });
});

function startHolder(path: string): ChildProcess {
  const program = fileURLToPath(new URL('./hold-lock.ts', import.meta.url));
  return spawn(process.execPath, [program, path], { stdio: ['pipe', 'pipe', 'inherit'] });
}

function readLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => child.stdout?.once('data', (text) => resolve(String(text).trim())));
}

function kill(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
