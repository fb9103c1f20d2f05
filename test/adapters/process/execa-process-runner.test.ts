import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';

const processes = createProcessRunner();
const folder = mkdtempSync(join(tmpdir(), 'thaw-process-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shell = (script: string) => ({ program: 'sh', args: ['-c', script], stallMs: 60_000 });
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

describe('running a program', () => {
  it('hands on whole lines of both streams and keeps what was printed', async () => {
    const lines: string[] = [];
    const outcome = await processes.run({
      ...shell('printf "one\\ntwo"; printf "three\\n" >&2; exit 3'),
      onLine: (line, stream) => lines.push(`${stream}: ${line}`),
    });
    expect(outcome).toEqual({ ok: true, value: { exitCode: 3, stdout: 'one\ntwo', stderr: 'three\n' } });
    expect(lines.sort()).toEqual(['stderr: three', 'stdout: one', 'stdout: two']);
  });

  it('puts a character together that arrives in two pieces', async () => {
    const lines: string[] = [];
    await processes.run({
      ...shell("printf '\\303'; sleep 0.2; printf '\\244\\n'"),
      onLine: (line) => lines.push(line),
    });
    expect(lines).toEqual(['ä']);
  });

  it('keeps only the last 256 KiB of a long output, and every line is still seen', async () => {
    let lineCount = 0;
    const outcome = await processes.run({
      ...shell('seq 1 300000'),
      onLine: () => {
        lineCount += 1;
      },
    });
    expect(lineCount).toBe(300_000);
    if (!outcome.ok) throw new Error(outcome.failure.message);
    expect(outcome.value.stdout.length).toBeLessThanOrEqual(256 * 1024);
    expect(outcome.value.stdout.endsWith('299999\n300000\n')).toBe(true);
  });

  it('writes the input and closes it', async () => {
    const outcome = await processes.run({ stallMs: 60_000, program: 'cat', args: [], input: 'hello' });
    expect(outcome).toMatchObject({ ok: true, value: { stdout: 'hello' } });
  });

  it('streams bytes in and out unharmed, to a reader slower than the program', async () => {
    const bytes = Buffer.alloc(3_000_000, Buffer.from([0, 255, 254, 10, 13, 195]));
    const outputTo = new PassThrough({ highWaterMark: 16_384 });
    const seen: Buffer[] = [];
    const reading = (async () => {
      await delay(1500);
      for await (const chunk of outputTo) seen.push(chunk as Buffer);
    })();
    const outcome = await processes.run({
      stallMs: 60_000,
      program: 'cat',
      args: [],
      inputFrom: Readable.from([bytes.subarray(0, 10), bytes.subarray(10)]),
      outputTo,
    });
    outputTo.end();
    await reading;
    expect(outcome).toMatchObject({ ok: true, value: { exitCode: 0, stdout: '' } });
    expect(Buffer.concat(seen).equals(bytes)).toBe(true);
  });

  it('lets a program end before it has read all its input', async () => {
    const outcome = await processes.run({
      stallMs: 60_000,
      program: 'head',
      args: ['-c', '3'],
      inputFrom: Readable.from(Array.from({ length: 500 }, () => Buffer.alloc(10_000, 'a'))),
    });
    expect(outcome).toMatchObject({ ok: true, value: { exitCode: 0, stdout: 'aaa' } });
  });

  it('passes none of our secrets on, only what is asked for', async () => {
    process.env.THAW_TEST_SECRET = 'hush';
    const outcome = await processes.run({
      stallMs: 60_000,
      program: 'env',
      args: [],
      env: { PGHOST: 'here' },
    });
    delete process.env.THAW_TEST_SECRET;
    if (!outcome.ok) throw new Error(outcome.failure.message);
    expect(outcome.value.stdout).not.toContain('hush');
    expect(outcome.value.stdout).toContain('PGHOST=here');
    expect(outcome.value.stdout).toMatch(/^PATH=/m);
  });

  it('gives the child a session of its own', async () => {
    const outcome = await processes.run(shell('cut -d" " -f1,6 /proc/$$/stat'));
    if (!outcome.ok) throw new Error(outcome.failure.message);
    const [pid, session] = outcome.value.stdout.trim().split(' ');
    expect(session).toBe(pid);
  });

  it('does not wait for a daemon that holds the streams open', async () => {
    const startedMs = performance.now();
    const outcome = await processes.run(shell('sleep 30 & echo $!'));
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    if (!outcome.ok) throw new Error(outcome.failure.message);
    const daemon = Number(outcome.value.stdout.trim());
    expect(isAlive(daemon)).toBe(true);
    process.kill(daemon);
  });
});

describe('what goes wrong', () => {
  it('names the Debian package of a missing program', async () => {
    const outcome = await processes.run({
      stallMs: 60_000,
      program: 'pg_restore',
      args: [],
      env: { PATH: folder },
    });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'tool-missing', retry: 'after-fix' } });
    if (!outcome.ok) expect(outcome.failure.remedy).toContain('postgresql-client');
  });

  it('tells a missing folder from a missing program', async () => {
    const outcome = await processes.run({
      stallMs: 60_000,
      program: 'true',
      args: [],
      cwd: join(folder, 'nowhere'),
    });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'not-found' } });
  });

  it('says when a program may not be executed', async () => {
    const program = join(folder, 'plain.sh');
    writeFileSync(program, '#!/bin/sh\n');
    chmodSync(program, 0o600);
    const outcome = await processes.run({ stallMs: 60_000, program, args: [] });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'denied' } });
  });

  it('calls death by signal a failure and names the signal', async () => {
    const outcome = await processes.run(shell('echo last words >&2; kill -KILL $$'));
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'command-failed', detail: 'last words' } });
    if (!outcome.ok) expect(outcome.failure.message).toContain('SIGKILL');
  });

  it('stops a silent program and its workers as stalled', async () => {
    const pidFile = join(folder, 'worker');
    const outcome = await processes.run({
      ...shell(`sleep 60 & echo $! > ${pidFile}; echo started; wait`),
      stallMs: 400,
    });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'stalled', detail: 'started' } });
    await delay(100);
    expect(isAlive(Number(readFileSync(pidFile, 'utf8')))).toBe(false);
  });

  it('does not call a talking program stalled', async () => {
    const outcome = await processes.run({
      ...shell('for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done'),
      stallMs: 600,
    });
    expect(outcome).toMatchObject({ ok: true, value: { exitCode: 0 } });
  });

  it('gives a silent program more time while it is seen working', async () => {
    let asked = 0;
    const stillWorking = async (processGroup: number) => {
      asked += 1;
      return isAlive(processGroup);
    };
    const outcome = await processes.run({ ...shell('sleep 1.45'), stallMs: 300, stillWorking });
    expect(outcome).toMatchObject({ ok: true, value: { exitCode: 0 } });
    expect(asked).toBeGreaterThan(1);
  });

  it('kills a program that ignores the polite signal', async () => {
    const controller = new AbortController();
    const readyFile = join(folder, 'ready');
    const running = processes.run({
      ...shell(`trap '' TERM; echo $$ > ${readyFile}; while :; do sleep 0.1; done`),
      signal: controller.signal,
    });
    while (!existsSync(readyFile) || readFileSync(readyFile, 'utf8') === '') await delay(20);
    controller.abort();
    expect(await running).toMatchObject({ ok: false, failure: { code: 'cancelled', retry: 'safe' } });
    expect(isAlive(Number(readFileSync(readyFile, 'utf8')))).toBe(false);
  });

  it('starts nothing when it is already cancelled', async () => {
    const file = join(folder, 'never');
    const outcome = await processes.run({
      ...shell(`touch ${file}`),
      signal: AbortSignal.abort(),
    });
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
    expect(existsSync(file)).toBe(false);
  });

  it('ends the program when whoever reads its bytes goes away', async () => {
    const outputTo = new PassThrough();
    const running = processes.run({ stallMs: 60_000, program: 'yes', args: [], outputTo });
    outputTo.once('data', () => outputTo.destroy());
    expect(await running).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
  });
});
