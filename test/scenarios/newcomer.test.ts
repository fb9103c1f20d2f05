import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComposeStack, startComposeStack } from '../parts/compose-stack.ts';
import { buildCrmImage, standInProgram } from '../parts/crm-image.ts';
import { ensureDocker, type RunningDocker } from '../parts/docker.ts';
import { type ExampleSystem, exampleSystems } from '../parts/example-systems.ts';
import { thawHere } from '../parts/thaw.ts';

/** The path of the README, in the folder of somebody's compose file: init, check, drill. Nobody writes a line of a runbook. */

type Newcomer = {
  readonly name: string;
  /** Services beside the database, as the compose file of its documents calls them; what they start is a stand-in. */
  readonly services: readonly string[];
  readonly environment: (files: ExampleSystem['files']) => Readonly<Record<string, string>>;
  /** Where the documents say that backups lie, seen from the folder. */
  readonly store: string;
  /** What the drill proves by what `thaw init` knows of the application. */
  readonly proofs: readonly string[];
};

const newcomers: readonly Newcomer[] = [
  {
    name: 'n8n',
    services: ['n8n'],
    environment: ({ config = '' }) => ({
      ...{ POSTGRES_USER: 'n8n', POSTGRES_DB: 'n8n' },
      N8N_ENCRYPTION_KEY: JSON.parse(config).encryptionKey,
    }),
    store: 'backups',
    proofs: ['N8N_ENCRYPTION_KEY decrypts 4 of 4 rows', 'Somebody can log in'],
  },
  {
    name: 'immich',
    services: ['immich-server', 'immich-machine-learning'],
    environment: () => ({
      ...{ DB_USERNAME: 'postgres', DB_DATABASE_NAME: 'immich' },
      ...{ UPLOAD_LOCATION: './library', IMMICH_VERSION: 'release' },
    }),
    store: 'library/backups',
    proofs: ['There is an administrator'],
  },
];

let docker: RunningDocker;
beforeAll(async () => {
  docker = await ensureDocker();
});
afterAll(() => docker?.stop());

describe.each(newcomers)('A newcomer with $name', (newcomer) => {
  const system = exampleSystems.find(({ name }) => name === newcomer.name) as ExampleSystem;
  let stack: ComposeStack;

  beforeAll(async () => {
    const { server, database, role, files, sql, extensions = [] } = system;
    const web = { image: await buildCrmImage(docker), command: ['node', standInProgram, 'worker'] };
    const beside = { ...web, network_mode: `service:${server}`, depends_on: [server], env_file: '.env' };
    stack = await startComposeStack({
      docker,
      databaseService: server,
      user: role,
      database,
      services: Object.fromEntries(newcomer.services.map((name) => [name, beside])),
      prepare: async (folder) => {
        const lines = Object.entries(newcomer.environment(files)).map(
          ([name, value]) => `${name}=${value}\n`,
        );
        writeFileSync(join(folder, '.env'), lines.join(''));
      },
    });
    for (const statement of [...extensions, ...sql]) await stack.sql(statement);
    const live = join(stack.folder, newcomer.name === 'immich' ? 'library' : 'data');
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(live, name)), { recursive: true });
      writeFileSync(join(live, name), text);
    }
    mkdirSync(join(stack.folder, 'backups'), { recursive: true });
    backUp(live);
  });
  afterAll(() => stack?.destroy());

  /** As its documents say. */
  function backUp(live: string): void {
    const time = new Date().toISOString();
    execFileSync('bash', ['--norc', '-euo', 'pipefail', '-c', system.backup], {
      cwd: live,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...{ PATH: process.env.PATH, DOCKER_HOST: docker.DOCKER_HOST },
        COMPOSE: `docker compose --file ${stack.composeFile}`,
        ...{ DAY: time.slice(0, 10), COMPACT: time.slice(0, 19).replace(/[-:]/g, '') },
        OLDER: new Date(Date.now() - 60_000).toISOString().slice(0, 19).replace(/[-:]/g, ''),
        BACKUPS: join(stack.folder, 'backups'),
      },
    });
  }

  it('comes from nothing to a green drill by three commands', async () => {
    const env = { HOME: stack.folder, DOCKER_HOST: docker.DOCKER_HOST };
    const thaw = async (...args: readonly string[]) => {
      const end = await thawHere({ args, env, cwd: stack.folder });
      expect(end.status, `thaw ${args.join(' ')}\n${end.text}`).toBe(0);
      return end.text;
    };
    await thaw('init', newcomer.name, '--store', newcomer.store);
    const checked = await thaw('check', newcomer.name);
    expect(checked).toContain('Nothing is in the way.');
    const drilled = await thaw('drill', newcomer.name, '--snapshot', 'latest', '--plain');
    expect(drilled).toMatch(/VERIFIED against the (live database|dump)/);
    for (const proof of newcomer.proofs) expect(drilled).toContain(proof);
  });

  /** Those of the first mistakes (test/cli/first-mistakes) that need a real database to be made. */
  if (newcomer.name === 'n8n')
    it('is told of a missing role, and of a container that is down', async () => {
      const env = { HOME: stack.folder, DOCKER_HOST: docker.DOCKER_HOST };
      const check = () => thawHere({ args: ['check', newcomer.name], env, cwd: stack.folder });
      await stack.sql('CREATE ROLE writer');
      await stack.sql('ALTER TABLE workflow_entity OWNER TO writer');
      backUp(join(stack.folder, 'data'));
      await stack.sql(`ALTER TABLE workflow_entity OWNER TO ${system.role}`);
      await stack.sql('DROP ROLE writer');
      const withoutRole = await check();
      expect(withoutRole.status, withoutRole.text).toBe(7);
      expect(withoutRole.text).toMatch(/belongs to writer, which the server at .* does not have as a role/);
      expect(withoutRole.text).toMatch(/→ Make it before you begin, .*\(createuser --pwprompt writer\)/);

      const compose = `docker compose --file ${stack.composeFile}`;
      execFileSync('bash', ['-c', `${compose} stop ${system.server}`], {
        env: { ...process.env, ...env },
        stdio: 'pipe',
      });
      const stopped = await check();
      expect(stopped.status, stopped.text).toBe(3);
      expect(stopped.text).toMatch(/The service postgres of compose file \S+ is not running\./);
      const start = /→ Start it \((docker compose .*? up --detach postgres)\)/.exec(stopped.text)?.[1];
      expect(start, stopped.text).toBeDefined();
      execFileSync('bash', ['-c', `${start} --wait`], { env: { ...process.env, ...env }, stdio: 'pipe' });
      expect((await check()).status).toBe(7);
    });
});
