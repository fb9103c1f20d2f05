import { execFileSync } from 'node:child_process';
import { chown, mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComposeStack, startComposeStack } from '../parts/compose-stack.ts';
import { dataFolder, postgresImage } from '../parts/container-image.ts';
import { ensureDocker, type RunningDocker } from '../parts/docker.ts';
import { checksOf, readEntries, readRecord } from '../parts/run-log.ts';
import { runThaw } from '../parts/thaw.ts';

/** Files into a volume of Docker: whether anybody mounts it decides whether they are back. */
describe('Files into a volume of Docker', () => {
  let docker: RunningDocker;
  let stack: ComposeStack;
  /** As its services mount it, and with a slip in the name of the project. */
  let [right, wrong] = ['', ''];
  let backups: string;

  beforeAll(async () => {
    docker = await ensureDocker();
    stack = await startComposeStack({
      docker,
      databaseService: 'db',
      user: 'nmia',
      database: 'nmia',
      server: { volumes: [`pgdata:${dataFolder}`] },
      volumes: { pgdata: {} },
      services: {},
    });
    const project: string = JSON.parse(await stack.compose('config', '--format', 'json')).name;
    [right, wrong] = [`${project}_pgdata`, `${project.replace('stack', 'stcak')}_pgdata`];
    await docker.docker('volume', 'create', wrong);
    await stack.sql('CREATE TABLE identities AS SELECT i AS id FROM generate_series(1, 321) i');
    await stack.compose('stop', 'db');
    backups = join(stack.folder, 'backups');
    await mkdir(backups);
    execFileSync('tar', [
      '-czf',
      join(backups, 'pgdata_20250201_020000.tar.gz'),
      '-C',
      await placeOf(right),
      '.',
    ]);
    await chown(await placeOf(wrong), 999, 999);
  });
  afterAll(async () => {
    await stack?.destroy();
    if (wrong !== '') await docker.docker('volume', 'rm', wrong);
    await docker?.stop();
  });

  const placeOf = (volume: string) =>
    docker.docker('volume', 'inspect', '--format', '{{.Mountpoint}}', volume).catch(() => '');
  const thaw = (verb: string, ...[into, ...args]: readonly [string, ...string[]]) =>
    runThaw({
      args: [verb, 'nmia-volume', '--plain', ...args],
      env: {
        HOME: stack.folder,
        DOCKER_HOST: docker.DOCKER_HOST,
        NMIA_BACKUP_DIR: backups,
        COMPOSE_FILE_PATH: stack.composeFile,
        NMIA_PGDATA: into,
      },
      cwd: stack.folder,
    });

  it('are not verified in one that is there and nobody mounts, which is known before the first act', async () => {
    const into = await placeOf(wrong);
    const told = `no service of compose file ${stack.composeFile} mounts the volume ${wrong} (${into}); they mount ${right} (db)`;
    const checked = await thaw('check', into);
    expect(checked.text).toContain(`? could not verify  volume: ${told}`);
    expect(checked.text).toContain(`Probably ${right} is meant: correct \`into\` to ${await placeOf(right)}`);
    expect(checked.status).toBe(7);
    const logFolder = await mkdtemp(join(stack.folder, 'log-'));
    const run = await thaw('restore', into, '--yes', '--confirm', '_data', '--log-dir', logFolder);
    const entries = await readEntries(logFolder);
    const before = entries.slice(
      0,
      entries.findIndex(({ kind }) => kind === 'step-started'),
    );
    expect(JSON.stringify(before)).toContain(told.replaceAll('"', '\\"'));
    expect(checksOf(await readRecord(logFolder))).toContain(`volume could-not-verify: ${told}`);
    expect(run.text).toContain('COULD NOT VERIFY');
    // The files are there nonetheless, for whoever knows better.
    expect(await readdir(into)).toContain('PG_VERSION');
  });

  it('are told where the name is of no volume at all', async () => {
    const into = (await placeOf(right)).replace(right, 'pgdata');
    const checked = await thaw('check', into);
    expect(checked.text).toContain(
      `mounts the volume pgdata (${into}), which is not there; they mount ${right} (db)`,
    );
    expect(checked.text).toContain(`Probably ${right} is meant`);
    expect(checked.text).not.toContain('whether anybody mounts or reads');
  });

  it('pass in one that a service mounts, with containers and without', async () => {
    const into = await placeOf(right);
    const says = `passed  volume: ${into} is in the volume ${right}, which db mounts`;
    expect((await thaw('check', into)).text).toContain(says);
    await stack.compose('rm', '--force', '--stop', 'db');
    const checked = await thaw('check', into);
    expect(checked.text).toContain(says);
    expect(checked.status, checked.text).toBe(0);
    // A folder that is no volume is nobody's but the host's.
    expect((await thaw('check', join(stack.folder, 'elsewhere'))).text).not.toMatch(/the volume/);
  });

  it('are told with the container outside of the project that mounts the volume', async () => {
    const name = `${wrong}-by-hand`;
    await docker.docker(
      ...['create', '--network', 'none', '--volume', `${wrong}:/data`, '--name', name, postgresImage, 'true'],
    );
    try {
      const checked = await thaw('check', await placeOf(wrong));
      expect(checked.text).toContain(`they mount ${right} (db); outside of them ${name} mounts it`);
    } finally {
      await docker.docker('rm', '--force', name);
    }
  });
});
