import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { type Failure, fail, succeed } from '../../../src/base/failure.ts';
import type { ProcessResult, ProcessRunner } from '../../../src/ports/process-runner.ts';
import { openComposeServices } from '../../../src/services/compose/compose-services.ts';

/** Answers by the words of the command line; everything it does not know ends with status 1. */
function scriptedRunner(answers: Readonly<Record<string, Partial<ProcessResult> | Failure>>): ProcessRunner {
  return {
    async run({ program, args }) {
      const line = [program, ...args].join(' ');
      const answer = Object.entries(answers).find(([words]) => line.includes(words))?.[1] ?? { exitCode: 1 };
      if ('code' in answer) return fail(answer);
      return succeed({ exitCode: 0, stdout: '', stderr: '', ...answer });
    },
  };
}

const toolMissing: Failure = {
  code: 'tool-missing',
  message: 'Absent.',
  remedy: 'Install.',
  retry: 'after-fix',
};

describe('A failure of Docker Compose', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thaw-compose-failure-'));
    // Another user must be able to get there, for the test of a refused socket.
    await chmod(folder, 0o755);
    file = join(folder, 'compose.yml');
    await writeFile(file, 'services: {web: {image: none}}\n');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const probe = async (processes: ProcessRunner, socket = join(folder, 'docker.sock')) => {
    const environment = { DOCKER_HOST: `unix://${socket}` };
    const services = openComposeServices({ config: { kind: 'compose', file }, processes, environment });
    const outcome = await services.probe();
    if (outcome.ok) throw new Error('The probe succeeds.');
    return outcome.failure;
  };

  it('is unreachable with the command that starts Docker when the daemon is down', async () => {
    const failure = await probe(createProcessRunner());
    expect(failure).toMatchObject({
      code: 'unreachable',
      message: `Docker does not answer at unix://${folder}/docker.sock.`,
      remedy: 'Start Docker: systemctl start docker.',
    });
  });

  it('is told with what to do when the daemon is frozen: it takes a connection and says nothing', async () => {
    const socket = join(folder, 'docker.sock');
    const clients = new Set<Socket>();
    const server = createServer((client) => void clients.add(client)).listen(socket);
    await once(server, 'listening');
    const real = createProcessRunner();
    const patient: (number | 'endless')[] = [];
    const processes: ProcessRunner = {
      run: (request) => {
        patient.push(request.stallMs);
        // Half a minute in earnest.
        return real.run({ ...request, stallMs: request.args.includes('--short') ? 30_000 : 1500 });
      },
    };
    try {
      const environment = { DOCKER_HOST: `unix://${socket}` };
      const services = openComposeServices({ config: { kind: 'compose', file }, processes, environment });
      for (const act of [services.stop, services.start]) {
        const outcome = await act({ names: ['web'], onLine: () => {} });
        expect(outcome).toMatchObject({ ok: false, failure: { code: 'stalled' } });
        expect(outcome.ok ? '' : outcome.failure.remedy).toContain('systemctl restart docker');
      }
      expect((await probe(processes, socket)).code).toBe('stalled');
      expect(patient.every((stallMs) => stallMs !== 'endless' && stallMs <= 60_000)).toBe(true);
    } finally {
      for (const client of clients) client.destroy();
      server.close();
    }
  });

  it('is denied when the socket refuses this user', async () => {
    const socket = join(folder, 'docker.sock');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    await chmod(socket, 0o600);
    const answers = { 'version --short': { stdout: '2.26.1-4\n' } };
    const isRoot = process.geteuid?.() === 0;
    // Root is refused nothing: what a user meets can only be seen as a user.
    if (isRoot) process.seteuid?.(65534);
    else await chmod(socket, 0o000);
    try {
      const failure = await probe(scriptedRunner(answers));
      expect(failure.code).toBe('denied');
      expect(failure.remedy).toContain('group docker');
    } finally {
      if (isRoot) process.seteuid?.(0);
      server.close();
    }
  });

  it('is not-found when there is no compose file, whatever Docker does', async () => {
    await rm(file);
    const failure = await probe(scriptedRunner({}));
    expect(failure).toMatchObject({ code: 'not-found', message: `There is no compose file ${file}.` });
  });

  it('is tool-missing when there is neither docker nor docker-compose', async () => {
    const failure = await probe(scriptedRunner({ docker: toolMissing }));
    expect(failure.code).toBe('tool-missing');
    expect(failure.remedy).toContain('docker compose');
    expect(failure.lacks).toEqual({ program: 'docker compose' });
  });

  it('is tool-missing when docker lacks the plugin and there is no docker-compose', async () => {
    const failure = await probe(
      scriptedRunner({ 'docker compose': { exitCode: 1 }, 'docker-compose': toolMissing }),
    );
    expect(failure.code).toBe('tool-missing');
  });

  it('is tool-too-old by version when only version 1 is here', async () => {
    const failure = await probe(scriptedRunner({ 'docker-compose version': { stdout: '1.29.2\n' } }));
    expect(failure.code).toBe('tool-too-old');
    expect(failure.lacks).toEqual({ program: 'docker compose' });
    expect(failure.message).toContain('docker-compose 1.29.2');
  });

  it('is command-failed with the last lines when Docker itself is well', async () => {
    const stderr = Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n');
    const failure = await probe(
      scriptedRunner({
        'version --short': { stdout: '2.26.1\n' },
        'docker version': { stdout: '28.2\n' },
        config: { exitCode: 15, stderr },
      }),
    );
    expect(failure.code).toBe('command-failed');
    expect(failure.message).toContain('exit status 15');
    expect(failure.detail?.split('\n')).toHaveLength(12);
    expect(failure.detail).toMatch(/line 39$/);
  });

  it('keeps the reason of the runner when a question to Docker stalls', async () => {
    const stalled: Failure = { ...toolMissing, code: 'stalled' };
    const failure = await probe(
      scriptedRunner({ 'version --short': { stdout: '2.26.1\n' }, config: stalled }),
    );
    expect(failure.code).toBe('stalled');
  });
});

describe('The program that drives Compose', () => {
  it('is docker-compose where the plugin is missing, without options it does not know', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'thaw-compose-fallback-'));
    const file = join(folder, 'compose.yml');
    await writeFile(file, '');
    const asked: string[] = [];
    const scripted = scriptedRunner({
      'docker-compose version': { stdout: 'v2.17.3\n' },
      'config --services': { stdout: 'web\n' },
      config: { stdout: '{"services":{"web":{}}}' },
      ps: { stdout: '[]' },
      ls: { stdout: '[]' },
    });
    const processes: ProcessRunner = {
      run: (request) => {
        asked.push([request.program, ...request.args].join(' '));
        return scripted.run(request);
      },
    };
    const services = openComposeServices({ config: { kind: 'compose', file }, processes, environment: {} });
    expect(await services.status()).toEqual({
      ok: true,
      value: [{ name: 'web', state: 'absent', restartPolicy: 'no' }],
    });
    const compose = `docker-compose --ansi never --file ${file}`;
    expect(asked).toContain(`${compose} --profile * ps --all --no-trunc --format json`);
    // What is not there may run under another project.
    expect(asked.at(-1)).toBe(`${compose} ls --format json`);
    expect(services.describe('stop', ['web'])).toBe(`${compose} --profile '*' stop web`);
    await rm(folder, { recursive: true });
  });
});
