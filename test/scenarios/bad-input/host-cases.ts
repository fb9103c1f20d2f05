import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecret } from '../../../src/base/secret.ts';
import { openDatabaseServer } from '../../../src/databases/postgres/pg-database-server.ts';
import { findFreePort } from '../../parts/free-port.ts';
import { orThrow } from '../../parts/port-nimara.ts';
import { makeTmpfs } from '../../parts/tmpfs.ts';
import type { Case } from './stand.ts';

/** What is wrong with the database server, this host, or somebody else at work. */
export const hostCases: readonly Case[] = [
  {
    wrong: 'a password that the database refuses',
    prepare: async (stand) => ({
      envFile: await stand.envFile((text) =>
        text.replace(
          /^DATABASE_URL=.*$/m,
          `DATABASE_URL=${stand.nimara.databaseUrl.replace(/:[^:@]+@/, ':not-the-password@')}`,
        ),
      ),
    }),
    status: 3,
    says: /server on 127\.0\.0\.1:\d+: the password of this user is refused/,
    remedy: /to do: Correct user and password in the database URL/,
  },
  {
    wrong: 'a database server that cannot be reached',
    prepare: async (stand) => {
      const port = await findFreePort();
      return {
        envFile: await stand.envFile((text) =>
          text.replace(/^(DATABASE_URL=.*@)[^/]*/m, `$1127.0.0.1:${port}`),
        ),
      };
    },
    status: 3,
    says: /server on 127\.0\.0\.1:\d+: nothing answers at 127\.0\.0\.1:\d+/,
    remedy: /to do: Check that the server runs and that host and port/,
  },
  {
    wrong: 'a target database that is not there',
    prepare: async (stand) => ({
      envFile: await stand.envFile((text) => text.replace(/^(DATABASE_URL=.*)$/m, '$1_typo')),
    }),
    status: 2,
    says: /--confirm names port_nimara_crm, but this run would replace port_nimara_crm_typo/,
    remedy: /Check the database URL/,
  },
  {
    wrong: 'a disk without room for the dump',
    prepare: async (stand) => {
      const tmpfs = await makeTmpfs({ folder: join(stand.nimara.folder, 'small'), sizeBytes: 2_000_000 });
      const start = await stand.otherDump(stand.encrypt(await stand.long()));
      return { args: [...(start.args ?? []), '--work-dir', tmpfs.folder], after: tmpfs.remove };
    },
    status: 3,
    says: /Not enough space in \S*small\S*: .* free, about .* needed/,
    remedy: /name a folder on a larger disk with --work-dir/,
  },
  {
    wrong: 'a missing compose file',
    prepare: () => ({ env: { COMPOSE_FILE_PATH: '/nowhere/docker-compose.prod.yml' } }),
    status: 3,
    says: /\/nowhere\/docker-compose\.prod\.yml/,
    remedy: /to do: .*(path|file)/i,
  },
  {
    wrong: 'a compose file without one of the services',
    prepare: async (stand) => {
      const file = join(stand.nimara.folder, 'other-compose.yml');
      await writeFile(file, 'services: {web: {image: "thaw-crm:test"}}\n');
      return { env: { COMPOSE_FILE_PATH: file } };
    },
    status: 3,
    says: /has no service worker, scheduler; it has web/,
    remedy: /Correct the names in the runbook, or the file/,
  },
  {
    wrong: 'Docker that is not running',
    prepare: () => ({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } }),
    status: 3,
    says: /Docker/,
    remedy: /to do: .*[Ss]tart/,
  },
  {
    wrong: 'another run on the same database',
    prepare: async (stand) => {
      const other = openDatabaseServer({ url: createSecret(stand.nimara.databaseUrl) });
      orThrow(await other.lease('port_nimara_crm'));
      return { after: () => other.close() };
    },
    status: 3,
    says: /Cannot take the lease port_nimara_crm on .*: another run holds it since .*, server process \d+, user crm/,
    remedy: /Wait for that run to end/,
  },
];
