import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loseProduction } from '../../src/sandbox/disaster.ts';
import type { OldBackup } from '../../src/sandbox/old-backup.ts';
import { countRows } from '../parts/count-rows.ts';
import { ensureDocker, type RunningDocker } from '../parts/docker.ts';
import { answers, loseEverything, namesBucket } from '../parts/lost-production.ts';
import { type PortNimara, startPortNimara } from '../parts/port-nimara.ts';
import { putManifest } from '../parts/port-nimara-backups.ts';
import { readRecord } from '../parts/run-log.ts';
import { type S3Server, startRgw } from '../parts/s3-servers.ts';
import { type RunningThaw, runThaw, startThaw, type ThawEnd } from '../parts/thaw.ts';

const run = promisify(execFile);

describe('A kit beside the backups of Port Nimara', () => {
  let docker: RunningDocker;
  let server: S3Server;
  let nimara: PortNimara;
  let backup: OldBackup;
  let signer: string;
  /** A host that has nothing: no runbook, no compose file, no values. */
  let blank: string;
  let vault: string;

  beforeAll(async () => {
    docker = await ensureDocker();
    server = await startRgw();
    nimara = await startPortNimara({ server, docker, objects: 40, size: 'tiny' });
    backup = await loseEverything(nimara);
    await putManifest(nimara, backup);
    blank = await mkdtemp(join(tmpdir(), 'thaw-blank-'));
    vault = nimara.envFile;
    const made = await thawThere('keys', 'new', join(nimara.folder, 'backup-key'));
    expect(made, made.text).toMatchObject({ status: 0 });
    signer = /SHA256:[A-Za-z0-9+/]{43}/.exec(made.text)?.[0] ?? '';
    const kit = await thawThere('kit', 'port-nimara-crm', '--env-file', '.env');
    expect(kit, kit.text).toMatchObject({ status: 0 });
  });
  afterAll(async () => {
    await nimara?.destroy();
    await server?.stop();
    await docker?.stop();
    if (blank !== undefined) await rm(blank, { recursive: true, force: true });
  });

  /** On the host of production. */
  function thawThere(...args: readonly string[]): Promise<ThawEnd> {
    const env = { ...nimara.environment, BACKUP_SIGNING_KEY_FILE: join(nimara.folder, 'backup-key') };
    return runThaw({ args, env, cwd: nimara.folder });
  }

  /** On the blank host: what the operator holds, and where the new servers are. */
  function thawOnBlank(...args: readonly string[]): Promise<ThawEnd> {
    return startOnBlank(...args).ended;
  }

  function startOnBlank(...args: readonly string[]): RunningThaw {
    const { BACKUP_S3_ACCESS_KEY = '', BACKUP_S3_SECRET_KEY = '' } = nimara.environment;
    const {
      DOCKER_HOST = '',
      BACKUP_GPG_PRIVATE_KEY_FILE = '',
      BACKUP_GPG_PASSPHRASE = '',
    } = nimara.environment;
    const env = {
      ...{ HOME: blank, DOCKER_HOST, BACKUP_GPG_PRIVATE_KEY_FILE, BACKUP_GPG_PASSPHRASE },
      AWS_ACCESS_KEY_ID: BACKUP_S3_ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: BACKUP_S3_SECRET_KEY,
    };
    return startThaw({ args, env, cwd: blank });
  }

  function address(): readonly string[] {
    return [`s3://${nimara.backups.config.bucket}`, '--endpoint', server.endpoint];
  }

  it('holds runbook, compose file, values and page, and no secret', async () => {
    const keys = (await nimara.backups.keys()).filter((key) => key.startsWith('thaw-kit/'));
    const names = keys.map((key) => key.slice(key.lastIndexOf('/') + 1));
    expect(names).toEqual(
      expect.arrayContaining([
        'runbook.yaml',
        'docker-compose.prod.yml',
        'values.env',
        'RECOVER.md',
        'RECOVER.html',
      ]),
    );
    for (const key of keys) {
      const text = String(await nimara.backups.get(key));
      // What stands in the compose file itself, its owner put there.
      if (key.endsWith('docker-compose.prod.yml')) continue;
      expect(
        nimara.secrets.filter((secret) => text.includes(secret)),
        key,
      ).toEqual([]);
    }
  });

  it('is proven by thaw kit --check, which says what was not checked', async () => {
    const checked = await thawThere('kit', 'port-nimara-crm', '--check', '--env-file', '.env');
    expect(checked, checked.text).toMatchObject({ status: 0 });
    expect(checked.text).toContain('whether that is the right one was not checked');
    const known = await thawThere('kit', 'port-nimara-crm', '--check', '--signer', signer);
    expect(known, known.text).toMatchObject({ status: 0 });
    expect(known.text).toContain(`signed by ${signer}, as --signer says`);
    expect(known.text).toContain('runbook.yaml holds together');
    const other = await thawThere(
      'kit',
      'port-nimara-crm',
      '--check',
      '--signer',
      `SHA256:${'A'.repeat(43)}`,
    );
    expect(other).toMatchObject({ status: 1 });
  });

  it('is not used before its signer was given', async () => {
    const nobody = await thawOnBlank('restore', ...address(), '--plain');
    expect(nobody, nobody.text).toMatchObject({ status: 4 });
    expect(nobody.text).toContain('--signer');
    const wrong = await thawOnBlank(
      'restore',
      ...address(),
      '--plain',
      '--signer',
      `SHA256:${'A'.repeat(43)}`,
    );
    expect(wrong, wrong.text).toMatchObject({ status: 1 });
    expect(wrong.text).toContain('Nothing of it was used');
    // Whole, it would be copied from here, and not typed from the paper.
    expect(wrong.text).toContain(signer.slice(0, 11));
    expect(wrong.text).not.toContain(signer.slice(0, 23));
    expect(await readdir(blank)).toEqual([]);
  });

  it('brings production back from an empty folder, killed half-way and resumed there, VERIFIED', async () => {
    const given = ['--plain', '--env-file', vault, ...answers, ...namesBucket(nimara)];
    const killed = startOnBlank('restore', ...address(), '--signer', signer.slice(0, 23), ...given);
    await killed.waitFor(/Decrypt and unpack: begun/);
    killed.kill('SIGKILL');
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    const end = await thawOnBlank('resume', ...given);
    expect(end, end.text).toMatchObject({ status: 0 });
    const record = await readRecord(join(blank, 'restore-logs'));
    expect(record.result).toMatchObject({ verdict: 'passed' });
    expect(end.text).toContain('VERIFIED against the manifest');
    const started = record.steps.find((step) => step.kind === 'start-services')?.attempts[0]?.startedAt ?? '';
    expect(await countRows(nimara.databaseUrl, new Date(started))).toEqual(backup.rows);
    expect(await readFile(join(blank, 'compose', '.env'), 'utf8')).toBe(await readFile(vault, 'utf8'));
  });

  it('refuses a file that is not what was signed', async () => {
    const keys = await nimara.backups.keys();
    const key = keys.find((one) => one.endsWith('/runbook.yaml')) ?? '';
    const before = await nimara.backups.get(key);
    await nimara.backups.put(key, Buffer.from(String(before).replace('CRM', 'CRX')));
    try {
      const checked = await thawThere('kit', 'port-nimara-crm', '--check', '--signer', signer);
      expect(checked).toMatchObject({ status: 1 });
      expect(checked.text).toMatch(/runbook\.yaml of the kit, .* is not what was signed/);
    } finally {
      await nimara.backups.put(key, before);
    }
  });

  it('says on its page how to recover without thaw, command by command', async () => {
    const page = String(await nimara.backups.get('thaw-kit/port-nimara-crm/RECOVER.md'));
    const byHand = page.slice(page.indexOf('## Without thaw'), page.indexOf('## The files of the kit'));
    const blocks = [...byHand.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
    const { url } = nimara.production;
    const { hostname, port, username, password } = new URL(url);
    const { BACKUP_S3_ACCESS_KEY = '', BACKUP_S3_SECRET_KEY = '' } = nimara.environment;
    const live = nimara.live.config;
    const values: Record<string, string> = {
      BACKUP_S3_ACCESS_KEY,
      BACKUP_S3_SECRET_KEY,
      MINIO_ACCESS_KEY: live.accessKey.reveal(),
      MINIO_SECRET_KEY: live.secretKey.reveal(),
      PGPASSWORD: password,
      ENV_FILE: vault,
    };
    const filled = blocks
      .filter((block) => !block.startsWith('apt-get'))
      .map((block) =>
        block
          .replace(/^export ([A-Z0-9_]+)=$/gm, (line, name) =>
            name in values ? `export ${name}='${values[name]}'` : line,
          )
          .replace(/^export PGHOST=.*$/m, `export PGHOST=${hostname} PGPORT=${port} PGUSER=${username}`),
      );
    expect(filled.join('\n')).not.toMatch(/^export [A-Z0-9_]+=$/m);
    await nimara.writers.stop();
    await loseProduction({
      sandbox: {
        databaseUrl: nimara.databaseUrl,
        objectsDirectory: await mkdtemp(join(nimara.folder, 'nothing-')),
      },
      onLine: () => undefined,
    });
    await nimara.live.remove(await nimara.live.keys());
    const folder = await mkdtemp(join(tmpdir(), 'thaw-by-hand-'));
    try {
      const { GNUPGHOME } = { GNUPGHOME: nimara.gpg.folder };
      // The operator types the passphrase into pinentry; here it stands in the script.
      const script = filled
        .join('\n')
        .replaceAll(
          'gpg --decrypt',
          `gpg --batch --pinentry-mode loopback --passphrase-file ${folder}/passphrase --decrypt`,
        );
      await run('bash', ['-c', `printf %s "$GPG_PASSPHRASE" >passphrase\n${script}`], {
        cwd: folder,
        env: {
          ...{ PATH: `${nimara.production.binFolder}:${process.env.PATH}`, HOME: folder, GNUPGHOME },
          DOCKER_HOST: docker.DOCKER_HOST,
          GPG_PASSPHRASE: nimara.environment.BACKUP_GPG_PASSPHRASE,
        },
        maxBuffer: 1 << 26,
      }).then(
        ({ stdout }) => {
          expect(stdout).toContain('rows of system_settings opened');
          expect(stdout).toContain('ENCRYPTION_KEY is the one of the backup');
          expect(stdout).toMatch(/public\.clients: (\d+) rows, the backup counted \1/);
        },
        (error) => {
          throw new Error(`${error.stdout}\n${error.stderr}`);
        },
      );
      const found = await nimara.live.digests();
      expect(found).toEqual(await nimara.backups.digests('minio/'));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
