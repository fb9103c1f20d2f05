import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifestText } from '../../../src/backups/manifest.ts';
import { findRgw } from '../../parts/find-s3-servers.ts';
import { type PortNimara, producer, startPortNimara } from '../../parts/port-nimara.ts';
import { type S3Server, startRgw } from '../../parts/s3-servers.ts';
import { runThaw } from '../../parts/thaw.ts';

const rgw = await findRgw();
if ('binary' in rgw) describe('The runbook of Port Nimara CRM', backups);
else
  it('is NOT tried without Ceph RGW', () =>
    void process.stderr.write(`\nThe backups of Port Nimara are NOT tried: ${rgw.absentBecause}.\n`));

function backups() {
  let server: S3Server;
  let nimara: PortNimara;
  let publicRing = '';

  beforeAll(async () => {
    server = await startRgw();
    nimara = await startPortNimara({ server, docker: undefined, objects: 30, size: 'tiny' });
    await nimara.live.putFolder(nimara.objectsFolder);
    await nimara.untilWritersWrite();
    publicRing = makePublicRing(nimara);
  });
  afterAll(async () => {
    await nimara?.destroy();
    await server?.stop();
  });

  const thaw = (...args: readonly string[]) =>
    runThaw({ args: [...args, '--env-file', '.env'], env: nimara.environment, cwd: nimara.folder });

  /** As on the host that makes backups: the public key alone, and no secret of the restore. */
  const onProducer = (...args: readonly string[]) => {
    const {
      BACKUP_GPG_PRIVATE_KEY_FILE: _key,
      BACKUP_GPG_PASSPHRASE: _word,
      ...environment
    } = nimara.environment;
    const env = {
      ...Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('DRILL_'))),
      BACKUP_GPG_RECIPIENT: nimara.key.fingerprint,
      BACKUP_HOST: producer,
      HOME: publicRing,
    };
    return runThaw({ args: [...args, '--env-file', '.env'], env, cwd: nimara.folder });
  };

  it('backs up as an ordinary role, with the public key alone, into the layout that was there before', async () => {
    const said = await onProducer('backup', 'port-nimara-crm');
    expect(said.text).toContain('was written last');
    expect(said).toMatchObject({ status: 0 });
    const keys = await nimara.backups.keys('pg/');
    expect(keys.find((key) => key.endsWith('.gpg') && key.includes('.dump.gz'))).toMatch(
      /^pg\/port-nimara-1\/\d{4}-\d\d-\d\d\/\d\d\.dump\.gz\.gpg$/,
    );
    const key = keys.find((one) => one.endsWith('.manifest.json')) ?? '';
    const manifest = readManifestText((await nimara.backups.get(key)).toString(), key);
    if (!manifest.ok) throw new Error(manifest.failure.message);
    expect(manifest.value.encryption?.keyIds).toEqual([nimara.key.keyIds[1]]);
    expect(manifest.value.objects?.count).toBe((await nimara.live.keys()).length);
    for (const secret of nimara.secrets) expect(said.text).not.toContain(secret);
  });

  it('drills that backup without a difference while the CRM goes on, and finds its monitor healthy', async () => {
    const drill = await thaw(
      'drill',
      'port-nimara-crm',
      '--plain',
      '--snapshot',
      'latest',
      '--log-dir',
      'logs',
    );
    expect(drill.text).toMatch(/(\d+) of \1 tables equal to the manifest/);
    expect(drill.text).toMatch(/\d+ sequences stand where they stood/);
    expect(drill.text).toContain('ENCRYPTION_KEY has the expected fingerprint');
    expect(drill.text).toMatch(/all \d+ objects of the mirror are those that were backed up/);
    expect(drill.text).not.toContain('failed:');
    const monitor = await onProducer('monitor', 'port-nimara-crm');
    expect(monitor).toMatchObject({ status: 0, text: 'healthy\n' });
  });
}

/** A GnuPG home of its own, with the public key and nothing else. */
function makePublicRing(nimara: PortNimara): string {
  const home = join(nimara.gpg.folder, 'p');
  execFileSync('mkdir', ['-p', '-m', '700', join(home, '.gnupg')]);
  execFileSync(
    'gpg',
    [
      '--homedir',
      join(home, '.gnupg'),
      '--batch',
      '--quiet',
      '--import',
      nimara.gpg.exportPublic(nimara.key),
    ],
    {
      stdio: 'ignore',
    },
  );
  return home;
}
