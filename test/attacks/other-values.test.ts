import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeCompanyDatabase } from '../../src/sandbox/start-company.ts';
import { listDatabases, readValue } from '../parts/count-rows.ts';
import { findRgw } from '../parts/find-s3-servers.ts';
import { answers, unconfirmed } from '../parts/lost-production.ts';
import { makeLogFolder, type PortNimara, readCrmRunbook, startPortNimara } from '../parts/port-nimara.ts';
import { backUp, putManifest } from '../parts/port-nimara-backups.ts';
import { readEntries } from '../parts/run-log.ts';
import { createBucket, type S3Server, startRgw } from '../parts/s3-servers.ts';
import { runThaw, type ThawEnd } from '../parts/thaw.ts';

/**
 * A run is entered again with another env file, a stale export beats the file that was named, a raw password becomes a piece of the host: the run stays
 * with the servers and stores that it began with. Remains: a server that was replaced by a copy of itself has the same identity.
 */

const rgw = await findRgw();
if (!('binary' in rgw)) {
  it('is NOT tried without Ceph RGW', () => {
    process.stderr.write(`\nRuns with other values are NOT tried: ${rgw.absentBecause}.\n`);
  });
}

describe('A URL that is put together', () => {
  it('is refused before anything is contacted where a raw password would become a piece of the host', async () => {
    const end = await runThaw({
      args: ['check', 'corporate-intel-pitr', '--plain'],
      env: { PGPASSWORD: 'p@canaryhost/w', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
      cwd: tmpdir(),
    });
    expect(end, end.text).toMatchObject({ status: 2 });
    expect(end.text).toMatch(/PGPASSWORD: the value holds a sign .*percent-encoded: %40 for @/s);
    expect(end.text).not.toContain('canaryhost');
  });
});

if ('binary' in rgw) {
  describe('A run and the values it is given', () => {
    let server: S3Server;
    let nimara: PortNimara;
    let runbook: string;
    let logFolder: string;
    /** A database of the same name and user, on another server. */
    let otherUrl: string;
    let systemIds: readonly string[];

    beforeAll(async () => {
      server = await startRgw();
      nimara = await startPortNimara({ server, docker: undefined, objects: 0, size: 'tiny' });
      await nimara.untilWritersWrite();
      await putManifest(nimara, await backUp(nimara));
      runbook = join(nimara.folder, 'port-nimara-crm.yaml');
      await writeFile(runbook, await readCrmRunbook('process'));
      otherUrl = await makeCompanyDatabase({
        superuserUrl: nimara.drillCluster.url,
        role: 'crm',
        password: new URL(nimara.databaseUrl).password,
        database: 'port_nimara_crm',
      });
      systemIds = await Promise.all(
        [nimara.databaseUrl, otherUrl].map((url) =>
          readValue(url, 'select system_identifier as value from pg_control_system()'),
        ),
      );
      const vault = await readFile(nimara.envFile, 'utf8');
      await writeFile(join(nimara.folder, 'other.env'), vault.replace(nimara.databaseUrl, otherUrl));
      const bucket = await createBucket(server);
      await writeFile(
        join(nimara.folder, 'bucket.env'),
        vault.replace(/MINIO_BUCKET=.*/, `MINIO_BUCKET=${bucket.bucket}`),
      );
    });
    afterAll(async () => {
      await nimara?.destroy();
      await server?.stop();
    });
    beforeEach(async () => {
      await nimara.writers.start();
      logFolder = await makeLogFolder(nimara);
    });

    const run = (
      action: readonly string[],
      { envFile = '.env', given = answers, exported = {} }: Given = {},
    ): Promise<ThawEnd> =>
      runThaw({
        args: [...action, '--plain', '--env-file', envFile, '--log-dir', logFolder, ...given],
        env: { ...nimara.environment, COMPOSE_FILE_PATH: join(nimara.folder, 'services.json'), ...exported },
        cwd: nimara.folder,
      });

    async function stopAtTheQuestion(): Promise<void> {
      const end = await run(['restore', runbook], { given: unconfirmed });
      expect(end, end.text).toMatchObject({ status: 4 });
    }

    it('is refused on another server of the same database name, on every way back in, and touches nothing there', async () => {
      await stopAtTheQuestion();
      const before = await Promise.all(
        [nimara.production, nimara.drillCluster].map(({ url }) => listDatabases(url)),
      );
      for (const action of [['resume'], ['discard']]) {
        const given = action[0] === 'resume' ? answers : [];
        const end = await run(action, { envFile: 'other.env', given });
        expect(end, end.text).toMatchObject({ status: 3 });
        expect(end.text).toMatch(/The values given now lead elsewhere|now leads to/);
      }
      const resumed = await run(['resume'], { envFile: 'other.env' });
      expect(resumed.text).toContain(`database port_nimara_crm of the PostgreSQL server ${systemIds[0]}`);
      expect(resumed.text).toContain(
        `not to database port_nimara_crm of the PostgreSQL server ${systemIds[1]}`,
      );
      expect(
        await Promise.all([nimara.production, nimara.drillCluster].map(({ url }) => listDatabases(url))),
      ).toEqual(before);
      const kinds = (await readEntries(logFolder)).map(({ kind }) => kind);
      expect(kinds).not.toContain('run-resumed');
      expect(kinds.filter((kind) => kind === 'places-bound')).toHaveLength(1);
    });

    it('is refused with another bucket, and goes on with the values it began with', async () => {
      await stopAtTheQuestion();
      const end = await run(['resume'], { envFile: 'bucket.env' });
      expect(end, end.text).toMatchObject({ status: 3 });
      expect(end.text).toMatch(/belongs to the objects in s3:.*, and not to the objects in s3:/);
      const same = await run(['resume']);
      expect(same, same.text).toMatchObject({ status: 0 });
      const given = ['--confirm', 'port_nimara_crm'];
      const undone = await run(['rollback'], { envFile: 'bucket.env', given });
      expect(undone, undone.text).toMatchObject({ status: 3 });
      expect((await run(['rollback'], { given })).status).toBe(0);
    });

    it('takes the file that was named and not what was exported long ago, and says so without a value', async () => {
      const exported = { DATABASE_URL: otherUrl };
      const checked = await run(['check', runbook], { given: [], exported });
      expect(checked.text).toContain(
        '! DATABASE_URL is taken from .env; the environment has another value, which is not used.',
      );
      expect(checked.text).toMatch(/\d values from \.env: .*\bDATABASE_URL\b/);
      expect(checked.text).toMatch(/\d+ values from the environment: .*\bBACKUP_S3_BUCKET\b/);
      expect(checked.text).toMatch(/\d+ values? from the default: .*\bBACKUP_S3_REGION\b/);
      expect(checked.text).toMatch(/PostgreSQL \d+/);
      expect(checked.text).toContain(new URL(nimara.databaseUrl).host);
      expect(checked.text).not.toContain(new URL(otherUrl).host);
      const begun = await run(['restore', runbook], { given: unconfirmed, exported });
      expect(begun, begun.text).toMatchObject({ status: 4 });
      expect(begun.text).toContain('DATABASE_URL is taken from .env; the environment has another value');
      expect(begun.text).toMatch(/before the walk passed: \d values from \.env: .*DATABASE_URL/);
      expect(nimara.secrets.filter((secret) => (checked.text + begun.text).includes(secret))).toEqual([]);
    });
  });
}

type Given = {
  readonly envFile?: string;
  readonly given?: readonly string[];
  readonly exported?: Readonly<Record<string, string>>;
};
