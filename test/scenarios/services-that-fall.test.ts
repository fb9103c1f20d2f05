import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ensureDocker, type RunningDocker } from '../parts/docker.ts';
import { answers, confirmed } from '../parts/lost-production.ts';
import { makeLogFolder, type PortNimara, readCrmRunbook, startPortNimara } from '../parts/port-nimara.ts';
import { backUp, putManifest } from '../parts/port-nimara-backups.ts';
import { checksOf, readEntries, readRecord } from '../parts/run-log.ts';
import { type S3Server, startRgw } from '../parts/s3-servers.ts';
import { startThaw, type ThawEnd } from '../parts/thaw.ts';

/** Services that the walk started and that do not stay up. */

describe('Services in containers that do not stay up', () => servicesThatFall('compose'));
describe('Services as processes that do not stay up', () => servicesThatFall('process'));

function servicesThatFall(kind: 'compose' | 'process') {
  let docker: RunningDocker | undefined;
  let server: S3Server;
  let nimara: PortNimara;
  let runbook: string;
  let driver: string;
  let logFolder: string;

  beforeAll(async () => {
    docker = kind === 'compose' ? await ensureDocker() : undefined;
    server = await startRgw();
    nimara = await startPortNimara({ server, docker, objects: 0, size: 'tiny' });
    await nimara.untilWritersWrite();
    await putManifest(nimara, await backUp(nimara));
    runbook = join(nimara.folder, 'port-nimara-crm.yaml');
    await writeFile(runbook, await readCrmRunbook(kind));
    driver = nimara.writers.composeFile ?? join(nimara.folder, 'services.json');
  });
  afterAll(async () => {
    await nimara?.destroy();
    await server?.stop();
    await docker?.stop();
  });
  beforeEach(async () => {
    await nimara.writers.start();
    logFolder = await makeLogFolder(nimara);
  });

  const run = (action: readonly string[], given: readonly string[]): Promise<ThawEnd> =>
    startThaw({
      // Whoever comes back need not name it again.
      args: [
        ...[...action, '--plain', '--log-dir', logFolder, ...given],
        ...(action.includes('restore') ? ['--env-file', '.env'] : []),
      ],
      env: { ...nimara.environment, COMPOSE_FILE_PATH: driver },
      cwd: nimara.folder,
    }).ended;

  /** As a crash does it, which its owner does not hear of. */
  const kill = async (name: string) => {
    if (docker !== undefined)
      return void execFileSync('docker', ['compose', '--file', driver, 'kill', name], {
        env: { ...process.env, DOCKER_HOST: docker.DOCKER_HOST },
        stdio: 'ignore',
      });
    const pid = Number.parseInt(await readFile(join(nimara.folder, 'services', `${name}.pid`), 'utf8'), 10);
    process.kill(-pid, 'SIGKILL');
  };
  const stateOf = async (name: string) => {
    const lines = (await nimara.writers.lifeline()).replaceAll('},{', '}\n{').split('\n');
    return lines.find((line) => line.includes(name)) ?? '';
  };

  it('are started again when the run goes on, and looked at again at its end', async () => {
    const end = await run(['restore', runbook], ['--yes', '--snapshot', 'latest', ...confirmed]);
    expect(end, end.text).toMatchObject({ status: 4 });
    await kill('worker');
    // A killed process is there until the system has taken it away.
    await vi.waitFor(async () => expect(await stateOf('worker')).not.toContain('running'), 10_000);
    const resumed = await run(['resume'], answers);
    expect(resumed, resumed.text).toMatchObject({ status: 0 });
    expect(await stateOf('worker')).toContain('running');
    const record = await readRecord(logFolder);
    const started = record.steps.find((step) => step.kind === 'start-services');
    expect(started?.attempts.map(({ failure }) => failure?.message)).toEqual([
      expect.stringMatching(/^looked at again: worker .*and it had been up$/),
      undefined,
    ]);
    expect(checksOf(record).join('\n')).toContain(
      'start-services passed: looked at again: still up, and nothing was started anew',
    );
  });

  it('do not count as up while they are started again and again', async () => {
    const text = await readFile(driver, 'utf8');
    await writeFile(driver, makeFall(text));
    try {
      const end = await run(['restore', runbook], answers);
      expect(end, end.text).toMatchObject({ status: 1 });
      expect(end.text).toMatch(
        /worker does not stay up: (it fell 3 times|worker ended with status 1, and nothing starts it again)/,
      );
      expect((await readEntries(logFolder)).map(({ kind }) => kind)).not.toContain('run-finished');
    } finally {
      await writeFile(driver, text);
    }
    const resumed = await run(['resume'], answers);
    expect(resumed, resumed.text).toMatchObject({ status: 0 });
  });

  /** The worker ends two seconds after each start. Docker starts it again; the supervisor of processes does not. */
  function makeFall(text: string): string {
    const content = JSON.parse(text) as {
      services: Record<string, { name?: string; command: unknown; args?: unknown; restart?: string }>;
    };
    const worker = Object.entries(content.services).find(
      ([key, { name }]) => (name ?? key) === 'worker',
    )?.[1];
    const fall = ['-e', 'setTimeout(() => process.exit(1), 2000)'];
    if (worker !== undefined)
      Object.assign(
        worker,
        kind === 'compose' ? { command: ['node', ...fall], restart: 'always' } : { args: fall },
      );
    return JSON.stringify(content);
  }
}
