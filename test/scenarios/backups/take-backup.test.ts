import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BackupStand, database, startBackupStand } from '../../parts/backup-stand.ts';

let stand: BackupStand;

beforeAll(async () => {
  stand = await startBackupStand();
});
afterAll(() => stand.remove());

const keys = () => stand.keys();
const newestManifest = () => stand.newest();
/** Keys of new dumps carry the second; two within one are refused. */
const nextSecond = () => new Promise((resolve) => setTimeout(resolve, 1100));

describe('thaw backup', () => {
  it('stores nothing for whoever asks it for a dry run, which it does not know', async () => {
    const before = keys();
    const said = await stand.thaw('backup', stand.runbookFile, '--dry-run');
    expect(said, said.text).toMatchObject({ status: 2 });
    expect(said.text).toContain('thaw backup has no option --dry-run. Nothing was done.');
    expect(keys()).toEqual(before);
  });

  it('writes dump, roles, objects, their list, and a manifest with everything a restore can be held against', async () => {
    const said = await stand.thaw('backup', stand.runbookFile);
    expect(said.text).toContain('was written last');
    expect(said.status).toBe(0);
    const manifest = newestManifest();
    const base = manifest.dump.key.replace('.zst.gpg', '');
    expect(keys().filter((key) => key.startsWith(base))).toEqual([
      `${base}.globals.sql.zst.gpg`,
      `${base}.manifest.json`,
      `${base}.objects.jsonl.gz`,
      `${base}.started.json`,
      `${base}.zst.gpg`,
    ]);
    const dump = readFileSync(join(stand.backups, manifest.dump.key));
    expect(createHash('sha256').update(dump).digest('hex')).toBe(manifest.dump.sha256);
    expect(manifest.dump).toMatchObject({
      sizeBytes: dump.length,
      layers: ['openpgp', 'zstd'],
      archiveVersion: '1.14',
    });
    expect(manifest.tables.map(({ schema, name, rows }) => `${schema}.${name} ${rows}`)).toEqual([
      'public.clients 250',
      'public.events 0',
      'public.receipts 12',
      'public.system_settings 2',
      'tenant_x.orders 40',
    ]);
    expect(manifest.tables.find(({ name }) => name === 'orders')?.newest).toMatchObject({
      column: 'updated_at',
    });
    expect(manifest.tables.find(({ name }) => name === 'events')?.newest).toEqual({ column: 'at', at: null });
    expect(manifest.sequences).toContainEqual({ schema: 'public', name: 'clients_id_seq', lastValue: '250' });
    expect(manifest.sequences).toContainEqual({ schema: 'public', name: 'never_called', lastValue: null });
    expect(manifest.extensions.map(({ name }) => name)).toEqual(['pgcrypto', 'plpgsql']);
    expect(manifest.objects?.count).toBe(12);
    expect(Object.keys(manifest.fingerprints)).toEqual(['ENCRYPTION_KEY']);
    expect(manifest.encryption?.keyIds).toEqual([stand.key.keyIds[1]]);
    expect(manifest.database?.name).toBe(database);
    expect(manifest.parts?.map(({ name }) => name)).toEqual(['globals', 'objects']);
  });

  it('puts no secret into anything it writes in the clear', () => {
    const secret = readFileSync(stand.envFile, 'utf8').match(/ENCRYPTION_KEY=(\w+)/)?.[1] ?? '?';
    const password = new URL(stand.production.url).password;
    for (const key of keys()) {
      const text = readFileSync(join(stand.backups, key)).toString('latin1');
      expect(text.includes(secret) || text.includes(password), key).toBe(false);
    }
  });

  it('opens for the secret key alone, with the password hashes of the roles inside', () => {
    const manifest = newestManifest();
    const globals = manifest.parts?.find(({ name }) => name === 'globals')?.key ?? '';
    const opened = execFileSync(
      'gpg',
      ['--homedir', stand.gpg.folder, '--batch', '--decrypt', join(stand.backups, globals)],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    const sql = execFileSync('zstd', ['-dc'], { input: opened }).toString();
    expect(sql).toContain("PASSWORD 'SCRAM-SHA-256$");
  });

  it('never deletes from the mirror what is gone from the live bucket', async () => {
    execFileSync('rm', [join(stand.objects, 'receipts/12.pdf')]);
    expect(await stand.backUp()).toContain('mirrored 0 of 11 objects');
    expect(keys()).toContain('objects/receipts/12.pdf');
    expect(newestManifest().objects?.count).toBe(12);
  });

  it('never writes over a snapshot that is there', async () => {
    await stand.writeRunbook({ producer: { host: 'company-2', compression: 'gzip' } });
    const before = await stand.thaw('backup', stand.runbookFile);
    expect(before.status).toBe(0);
    const layout = { layout: 'pg/{host}/{date}.dump.gz' };
    const { backups } = JSON.parse(JSON.stringify(stand));
    await stand.writeRunbook({
      backups: { store: { kind: 'directory', path: backups }, dumps: layout },
      producer: { host: 'company-2', compression: 'gzip' },
      steps: [{ kind: 'choose-snapshot' }],
    });
    expect((await stand.thaw('backup', stand.runbookFile)).status).toBe(0);
    const again = await stand.thaw('backup', stand.runbookFile);
    expect(again.text).toContain('There is a snapshot at pg/company-2/');
    expect(again.status).not.toBe(0);
    await stand.writeRunbook();
  });

  it('says before the first byte what is wrong with key, layout and env file', async () => {
    const wrong = async (producer: Record<string, unknown>) => {
      await stand.writeRunbook({ producer: { compression: 'zstd', ...producer } });
      const said = await stand.thaw('backup', stand.runbookFile);
      expect(said.status).not.toBe(0);
      return said.text;
    };
    const before = keys();
    writeFileSync(join(stand.folder, 'no-key.asc'), 'nothing');
    expect(
      await wrong({ encrypt: { kind: 'openpgp', publicKeyFile: join(stand.folder, 'no-key.asc') } }),
    ).toContain('cannot be encrypted to');
    expect(await wrong({ encrypt: { kind: 'age', recipients: ['age1nonsense'] } })).toContain(
      'age1nonsense is no age recipient',
    );
    expect(await wrong({ fingerprints: ['NOT_THERE'] })).toContain('has no NOT_THERE');
    expect(keys()).toEqual(before);
    await stand.writeRunbook();
  });

  it('leaves no dump, and a snapshot that cannot be chosen, when pg_dump fails in the middle', async () => {
    await stand.sql(
      `CREATE ROLE half LOGIN PASSWORD 'half-a-word'`,
      'GRANT SELECT ON ALL TABLES IN SCHEMA public TO half',
      'GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO half',
    );
    const url = stand.production.urlOf(database, { name: 'half', password: 'half-a-word' });
    await stand.writeRunbook({
      production: { database: { url }, envFile: stand.envFile },
      steps: [{ kind: 'choose-snapshot' }],
    });
    await nextSecond();
    const before = keys();
    const said = await stand.thaw('backup', stand.runbookFile);
    expect(said.status).not.toBe(0);
    expect(said.text).toMatch(/denied|lacks the privilege/);
    expect(said.text).not.toContain('half-a-word');
    const left = keys().filter((key) => !before.includes(key));
    expect(left.filter((key) => !key.endsWith('.started.json'))).toEqual([]);
    await stand.writeRunbook();
  });

  it('lets one backup of a database run at a time', async () => {
    await nextSecond();
    const both = await Promise.all([1, 2].map(() => stand.thaw('backup', stand.runbookFile)));
    expect(both.filter(({ status }) => status === 0)).toHaveLength(1);
    expect(both.find(({ status }) => status !== 0)?.text).toContain('take the lease backup of company');
  });
});
