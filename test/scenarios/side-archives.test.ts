// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of a runbook look like this.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findRgw } from '../parts/find-s3-servers.ts';
import { answers } from '../parts/lost-production.ts';
import { makeLogFolder, type PortNimara, readCrmRunbook, startPortNimara } from '../parts/port-nimara.ts';
import { backUp, putManifest } from '../parts/port-nimara-backups.ts';
import { readRecord } from '../parts/run-log.ts';
import { type S3Server, startRgw } from '../parts/s3-servers.ts';
import { runThaw, type ThawEnd } from '../parts/thaw.ts';

/** The database comes back although the roles and the media of its day are nowhere, and although nobody set up a drill. */

const rgw = await findRgw();
if ('binary' in rgw) describe('A live restore', sideArchives);
else {
  it('is NOT tried without Ceph RGW', () => {
    process.stderr.write(`\nMissing side archives are NOT tried: ${rgw.absentBecause}.\n`);
  });
}

function sideArchives() {
  let server: S3Server;
  let nimara: PortNimara;
  let runbook: string;
  let logFolder: string;

  beforeAll(async () => {
    server = await startRgw();
    nimara = await startPortNimara({ server, docker: undefined, objects: 0, size: 'tiny' });
    await nimara.untilWritersWrite();
    await putManifest(nimara, await backUp(nimara));
    runbook = join(nimara.folder, 'port-nimara-crm.yaml');
    await mkdir(join(nimara.folder, 'media'));
    await mkdir(join(nimara.folder, 'media-backups'));
    const text = (await readCrmRunbook('process'))
      .replace(
        '  DRILL_DATABASE_URL:',
        '  DRILL_MEDIA_DIR: { about: a folder for drills }\n  DRILL_DATABASE_URL:',
      )
      .replace('  - kind: restore-database\n', `${sideSteps(nimara.folder)}  - kind: restore-database\n`);
    await writeFile(runbook, text);
    logFolder = await makeLogFolder(nimara);
  });
  afterAll(async () => {
    await nimara?.destroy();
    await server?.stop();
  });

  const thaw = (...args: readonly string[]): Promise<ThawEnd> =>
    runThaw({
      args: [...args, '--plain', '--env-file', '.env', '--log-dir', logFolder],
      // Nothing of a drill: whoever restores may never have heard of one.
      env: {
        ...Object.fromEntries(
          Object.entries(nimara.environment).filter(([name]) => !name.startsWith('DRILL_')),
        ),
        COMPOSE_FILE_PATH: join(nimara.folder, 'services.json'),
      },
      cwd: nimara.folder,
    });

  it('is checked without a value of the drill, and a missing side archive is told and blocks nothing', async () => {
    const end = await thaw('check', runbook);
    expect(end.text).not.toMatch(/DRILL_/);
    expect(end, end.text).toMatchObject({ status: 7 });
    expect(end.text).toMatch(/\? could not verify {2}restore-roles: There is no archive of files in s3:/);
    expect(end.text).toMatch(/\? could not verify {2}restore-files: There are no files below media-/);
    expect(end.text).toMatch(/the step asks then whether to go on without it/);
  });

  it('asks at each step whose archive is missing, goes on without it for a reason, and is not verified', async () => {
    const stopped = await thaw('restore', runbook, ...answers);
    expect(stopped.text).toMatch(/\[restore-roles\] failed: There is no archive of files in s3:/);
    expect(stopped, stopped.text).toMatchObject({ status: 1 });
    const skips = ['restore-roles', 'restore-files'].flatMap((id) => [
      '--answer',
      `${id}.failure=skip:nobody ever made one`,
    ]);
    const end = await thaw('resume', ...answers, ...skips);
    expect(end, end.text).toMatchObject({ status: 1 });
    const record = await readRecord(logFolder);
    expect(record.result).toMatchObject({ state: 'finished', verdict: 'failed' });
    expect(record.steps.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual(
      expect.arrayContaining([
        'restore-roles skipped',
        'restore-files skipped',
        'restore-database passed',
        'smoke-checklist passed',
      ]),
    );
  });
}

function sideSteps(folder: string): string {
  return [
    '  - kind: restore-roles',
    '    layout: "roles/{date}.sql.gz"',
    '  - kind: restore-files',
    '    from:',
    '      kind: tree',
    '      prefix: "media-{date}/"',
    `      store: { kind: directory, path: "${folder}/media-backups" }`,
    `    into: ${folder}/media`,
    '    drillInto: ${DRILL_MEDIA_DIR}',
    '',
  ].join('\n');
}
