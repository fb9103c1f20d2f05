import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openSupervisedServices } from '../../../src/services/supervisor/supervised-services.ts';
import { type ServicesUnderTest, servicesContract } from '../../contracts/services.contract.ts';
import { standInFile } from '../../parts/crm-image.ts';
import { childrenOf, isAlive } from '../../parts/end-runs.ts';
import { findFreePort } from '../../parts/free-port.ts';

type Supervised = ServicesUnderTest & { readonly folder: string; readonly controlFile: string };

async function makeSupervised(extra: Readonly<Record<string, string>> = {}): Promise<Supervised> {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-supervisor-'));
  const port = await findFreePort();
  const services = ['web', 'worker', 'scheduler'].map((name) => ({
    name,
    command: process.execPath,
    args: [standInFile, name],
    env: { PORT: String(port), ...extra },
    cwd: folder,
    logFile: join(folder, `${name}.log`),
    pidFile: join(folder, `${name}.pid`),
    ...(name === 'web' ? { healthUrl: `http://127.0.0.1:${port}/health` } : {}),
  }));
  const controlFile = join(folder, 'services.json');
  await writeFile(controlFile, JSON.stringify({ services }));
  const under = openSupervisedServices({ controlFile });
  return {
    services: under,
    port,
    folder,
    controlFile,
    async dispose() {
      await under.stop({ names: [], onLine: () => undefined });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

servicesContract({ name: 'Supervised processes', make: makeSupervised });

describe('Supervised processes', () => {
  let made: Supervised | undefined;
  const lines: string[] = [];
  const onLine = (line: string) => void lines.push(line);
  afterEach(async () => {
    lines.length = 0;
    await made?.dispose();
    made = undefined;
  });

  it('survive their starter: another opening of the same file sees and stops them', async () => {
    made = await makeSupervised();
    await made.services.start({ names: ['worker'], onLine });
    const later = openSupervisedServices({ controlFile: made.controlFile });
    expect(await stateOf(later, 'worker')).toBe('running');
    await later.stop({ names: ['worker'], onLine });
    expect(await stateOf(made.services, 'worker')).toBe('stopped');
  });

  it('are known to whoever comes next, though their starter is killed in the middle of starting them', async () => {
    for (let round = 0; round < 5; round += 1) {
      made = await makeSupervised();
      const starter = spawn(process.execPath, [starterFile, made.controlFile], { stdio: 'ignore' });
      while (childrenOf(starter.pid).length === 0) await setImmediate();
      const [begun = 0] = childrenOf(starter.pid);
      starter.kill('SIGKILL');
      // What was begun comes to something: a service, or nothing at all.
      const { services, folder } = made;
      await vi.waitFor(() => expect(worksIn(String(begun), folder) || !isAlive(begun)).toBe(true), 30_000);
      const runs = servicesIn(folder).length > 0;
      expect(await stateOf(services, 'worker')).toMatch(runs ? 'running' : /^(absent|stopped)$/);
      await made.services.stop({ names: ['worker'], onLine });
      expect(servicesIn(made.folder)).toEqual([]);
      await made.dispose();
    }
  });

  it('are down only when nobody whom they started lives any more', async () => {
    made = await makeSupervised();
    const text = await readFile(made.controlFile, 'utf8');
    const services = JSON.parse(text) as { services: { name: string; command: string; args: string[] }[] };
    for (const service of services.services)
      Object.assign(service, {
        command: '/bin/sh',
        args: ['-c', `(trap '' TERM; while :; do echo writes; sleep 0.2; done) & trap 'exit 0' TERM; wait`],
      });
    await writeFile(made.controlFile, JSON.stringify(services));
    await made.services.start({ names: ['worker'], onLine });
    const log = join(made.folder, 'worker.log');
    while (!readFileSync(log, 'utf8').includes('writes')) await tick();
    const stopped = await made.services.stop({ names: ['worker'], onLine });
    expect(stopped.ok).toBe(true);
    expect(lines.at(-1)).toMatch(/^worker stopped on SIGKILL/);
    const { length } = readFileSync(log, 'utf8');
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(readFileSync(log, 'utf8')).toHaveLength(length);
  });

  it('never signal a process that merely got the same pid', async () => {
    made = await makeSupervised();
    // Our own pid with another start time: a stop that believed the pid alone would end this test.
    await writeFile(join(made.folder, 'worker.pid'), `${process.pid} 1\n`);
    expect(await stateOf(made.services, 'worker')).toBe('stopped');
    const stopped = await made.services.stop({ names: ['worker'], onLine });
    expect(stopped.ok).toBe(true);
    expect(lines).toEqual(['worker is not running']);
  });

  it('are killed when they do not hear SIGTERM for five seconds', async () => {
    made = await makeSupervised({ DEAF: 'worker' });
    await made.services.start({ names: ['worker'], onLine });
    // The stand-in is deaf only once it has installed its handler.
    while (!readFileSync(join(made.folder, 'worker.log'), 'utf8').includes('beat')) await tick();
    await made.services.stop({ names: ['worker'], onLine });
    expect(lines.at(-1)).toBe('worker stopped on SIGKILL after 0:05');
  });

  it('keep the pid as the first word of the pid file', async () => {
    made = await makeSupervised();
    await made.services.start({ names: ['worker'], onLine });
    const pid = Number.parseInt(await readFile(join(made.folder, 'worker.pid'), 'utf8'), 10);
    // It writes its pid before it becomes the program.
    await vi.waitFor(() =>
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('stand-in-service.js'),
    );
  });

  it('show the exit status of a process that ended by itself', async () => {
    made = await makeSupervised();
    const text = await readFile(made.controlFile, 'utf8');
    await writeFile(made.controlFile, text.replaceAll('"scheduler"', '"once"'));
    await made.services.start({ names: ['once'], onLine });
    while ((await stateOf(made.services, 'once')) === 'running') await tick();
    await tick();
    const status = await made.services.status();
    expect(status.ok && status.value.find(({ name }) => name === 'once')).toMatchObject({
      state: 'stopped',
      exitCode: 0,
    });
  });

  it('say which program is missing when a service cannot be started', async () => {
    made = await makeSupervised();
    const text = await readFile(made.controlFile, 'utf8');
    await writeFile(made.controlFile, text.replaceAll(process.execPath, '/no/such/program'));
    const started = await made.services.start({ names: ['worker'], onLine });
    expect(started).toMatchObject({ ok: false, failure: { code: 'tool-missing' } });
    expect(started.ok ? '' : started.failure.message).toContain('/no/such/program');
  });

  it('report a control file that is missing or not understood, without repeating it', async () => {
    made = await makeSupervised();
    const missing = openSupervisedServices({ controlFile: join(made.folder, 'none.json') });
    expect(await missing.probe()).toMatchObject({ ok: false, failure: { code: 'not-found' } });
    await writeFile(made.controlFile, '{"services": [{"name": "web", "env": {"KEY": "canary"}}]}');
    const refused = await made.services.probe();
    expect(refused).toMatchObject({ ok: false, failure: { code: 'invalid-input' } });
    expect(JSON.stringify(refused)).not.toContain('canary');
    await writeFile(made.controlFile, '{"services": []}');
  });
});

async function stateOf(services: ServicesUnderTest['services'], name: string): Promise<string | undefined> {
  const status = await services.status();
  return status.ok ? status.value.find((service) => service.name === name)?.state : undefined;
}

const starterFile = join(import.meta.dirname, 'start-worker.ts');

/** The stand-ins that run in this folder, however they came there. */
function servicesIn(folder: string): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && worksIn(name, folder));
}

function worksIn(pid: string, folder: string): boolean {
  try {
    return (
      readlinkSync(`/proc/${pid}/cwd`) === folder &&
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('stand-in-service.js\0worker') &&
      !readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('/bin/sh')
    );
  } catch {
    // It ended meanwhile.
    return false;
  }
}

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
