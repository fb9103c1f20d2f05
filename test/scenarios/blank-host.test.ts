import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OldBackup } from '../../src/sandbox/old-backup.ts';
import { type BlankHost, makeBlankHost } from '../parts/blank-host.ts';
import { countRows, readValue } from '../parts/count-rows.ts';
import { ensureDocker, type RunningDocker } from '../parts/docker.ts';
import { loseEverything } from '../parts/lost-production.ts';
import { makeOneFile } from '../parts/one-file.ts';
import { type PortNimara, readCrmRunbook, startPortNimara } from '../parts/port-nimara.ts';
import { putManifest } from '../parts/port-nimara-backups.ts';
import { readRecord } from '../parts/run-log.ts';
import { type S3Server, startRgw } from '../parts/s3-servers.ts';
import { runThaw } from '../parts/thaw.ts';
import type { PseudoTerminal } from '../terminal/pseudo-terminal.ts';

/** What the operator holds: the bucket and its key, the key of the backups with its passphrase, the printed page, the file of the vault. */
describe('A blank host, the one file, a bucket', () => {
  let docker: RunningDocker;
  let server: S3Server;
  let nimara: PortNimara;
  let backup: OldBackup;
  let host: BlankHost;
  let signer: string;

  beforeAll(async () => {
    const oneFile = await makeOneFile();
    docker = await ensureDocker();
    host = await makeBlankHost(docker);
    server = await startRgw();
    nimara = await startPortNimara({ server, docker, objects: 40, size: 'tiny' });
    backup = await loseEverything(nimara);
    await putManifest(nimara, backup);
    signer = await makeKit(nimara, oneFile);
    await makeBlank(nimara);
    await copyFile(oneFile, join(host.root, 'usr/local/bin/thaw'));
    await copyFile(nimara.envFile, join(host.root, 'root/vault.env'));
    const key = nimara.environment.BACKUP_GPG_PRIVATE_KEY_FILE ?? '';
    await copyFile(key, join(host.root, 'root/backup-key.asc'));
  });
  afterAll(async () => {
    await host?.remove();
    await nimara?.destroy();
    await server?.stop();
    await docker?.stop();
  });

  it('bring Port Nimara back, VERIFIED, by one command', async () => {
    const {
      BACKUP_S3_ACCESS_KEY = '',
      BACKUP_S3_SECRET_KEY = '',
      BACKUP_GPG_PASSPHRASE = '',
    } = nimara.environment;
    const terminal = host.open(
      [
        ...['thaw', 'restore', `s3://${nimara.backups.config.bucket}`, '--endpoint', server.endpoint],
        ...['--env-file', 'vault.env', '--plain'],
      ],
      {},
    );
    const asked = await answerAll(terminal, [
      [/^AWS_ACCESS_KEY_ID, .*:$/, BACKUP_S3_ACCESS_KEY],
      [/^AWS_SECRET_ACCESS_KEY, .*:$/, BACKUP_S3_SECRET_KEY],
      [/^SIGNER, .* all of them:$/, 'a sign misread'],
      [/^SIGNER, .*; it is not a sign misread: read it once more:$/, signer.slice(7, 7 + 16)],
      [/^BACKUP_GPG_PRIVATE_KEY_FILE, .*:$/, '/root/backup-key.asc'],
      [/^BACKUP_GPG_PASSPHRASE, .*:$/, BACKUP_GPG_PASSPHRASE],
      [/^Type yes to .*:$/, 'yes'],
      [/, or latest:$/, 'latest'],
      [/^Type port_nimara_crm to .*:$/, 'port_nimara_crm'],
      [/^Type passed, failed or skipped.*:$/, 'passed: looked at by the test'],
    ]);
    const { status } = await terminal.exit;
    expect(status, terminal.bytes()).toBe(0);
    expect(terminal.bytes()).toContain('VERIFIED against the manifest');
    const record = await readRecord(join(host.root, 'root/restore-logs'));
    expect(record.result).toMatchObject({ verdict: 'passed' });
    const started = record.steps.find((step) => step.kind === 'start-services')?.attempts[0]?.startedAt ?? '';
    expect(await countRows(nimara.databaseUrl, new Date(started))).toEqual(backup.rows);
    const found = await nimara.live.digests();
    expect(found).toEqual(await nimara.backups.digests('minio/'));
    // Three to reach and believe the kit, two for the key; of the walk itself: begin, snapshot, swap, and what only a person sees.
    const once = asked.filter((line) => !line.includes('read it once more'));
    expect(once.length, asked.join('\n')).toBeLessThanOrEqual(12);
  });
});

/** Its own runbook, with a kit that has the program, made on the host of production. */
async function makeKit(nimara: PortNimara, oneFile: string): Promise<string> {
  const runbook = join(nimara.folder, 'port-nimara-crm.yaml');
  const text = await readCrmRunbook('compose');
  await writeFile(
    runbook,
    text.replace('  compression: gzip', `  kit: { program: ${oneFile} }\n  compression: gzip`),
  );
  const env = { ...nimara.environment, BACKUP_SIGNING_KEY_FILE: join(nimara.folder, 'backup-key') };
  const thaw = async (...args: readonly string[]) => {
    const end = await runThaw({ args, env, cwd: nimara.folder });
    expect(end, end.text).toMatchObject({ status: 0 });
    return end.text;
  };
  const made = await thaw('keys', 'new', join(nimara.folder, 'backup-key'));
  const signer = /SHA256:[A-Za-z0-9+/]{43}/.exec(made)?.[0] ?? '';
  await thaw('kit', runbook, '--env-file', '.env');
  expect(await thaw('kit', runbook, '--check', '--signer', signer)).toMatch(/thaw-linux-\w+ starts: thaw \d/);
  return signer;
}

/** A server as its image makes it from the same settings: the role of the URL and an empty database. No objects, no containers. */
async function makeBlank(nimara: PortNimara): Promise<void> {
  await nimara.writers.remove?.();
  await nimara.live.remove(await nimara.live.keys());
  const { password } = new URL(nimara.databaseUrl);
  const ask = (sql: string) => readValue(nimara.production.url, sql);
  await ask('DROP DATABASE port_nimara_crm WITH (FORCE)');
  await ask('DROP ROLE crm');
  await ask(`CREATE ROLE crm SUPERUSER LOGIN PASSWORD '${password}'`);
  await ask('CREATE DATABASE port_nimara_crm OWNER crm');
}

const patienceMs = 75_000;

/** Types the answer behind each prompt, as a person would. @returns the prompts, in order. */
async function answerAll(
  terminal: PseudoTerminal,
  answers: readonly (readonly [RegExp, string])[],
): Promise<readonly string[]> {
  const asked: string[] = [];
  const end = Date.now() + patienceMs;
  let ended = false;
  void terminal.exit.then(() => {
    ended = true;
  });
  let seen = 0;
  while (!ended) {
    if (Date.now() > end) throw new Error(`It does not come to its end:\n${terminal.bytes()}`);
    const bytes = terminal.bytes();
    const line = stripVTControlCharacters(bytes.slice(Math.max(seen, bytes.lastIndexOf('\n') + 1))).trimEnd();
    const found = answers.find(([prompt]) => prompt.test(line));
    if (found === undefined) {
      await sleep(50);
      continue;
    }
    asked.push(line);
    seen = bytes.length;
    terminal.write(`${found[1]}\r`);
  }
  return asked;
}
