import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BackupStand, startBackupStand } from '../../parts/backup-stand.ts';
import { makeGpgHome } from '../../parts/gpg-keys.ts';

let stand: BackupStand;
let age: { readonly file: string; readonly recipient: string };

beforeAll(async () => {
  stand = await startBackupStand();
  age = makeAgeKey('age.key');
  // Noise, so that compression leaves more than the 12 MiB that a look once took.
  await stand.sql(
    'CREATE TABLE scans (id serial PRIMARY KEY, content bytea NOT NULL)',
    'INSERT INTO scans (content) SELECT gen_random_bytes(1000) FROM generate_series(1, 15000)',
  );
});
afterAll(() => stand.remove());

function makeAgeKey(name: string) {
  const file = join(stand.folder, name);
  execFileSync('age-keygen', ['-o', file], { stdio: 'ignore' });
  return { file, recipient: execFileSync('age-keygen', ['-y', file], { encoding: 'utf8' }).trim() };
}

function runbookParts(key: Readonly<Record<string, string>>, producer: Readonly<Record<string, unknown>>) {
  return {
    backups: {
      store: { kind: 'directory', path: stand.backups },
      dumps: { layout: 'pg/{host}/{timestamp}.dump[.gz][.zst][.gpg][.age]' },
      objects: { prefix: 'objects/' },
      key,
    },
    producer: { host: 'company-1', fingerprints: ['ENCRYPTION_KEY'], ...producer },
  };
}

const sealedWithAge = (compression: string) => ({
  compression,
  encrypt: { kind: 'age', recipients: [age.recipient] },
});

describe('thaw backup', () => {
  it.each(['gzip', 'zstd', 'none'])(
    'with age and %s makes what check and drill open, well over 12 MiB',
    async (compression) => {
      await stand.writeRunbook(runbookParts({ ageIdentityFile: age.file }, sealedWithAge(compression)));
      const said = await stand.backUp();
      const { key } = stand.newest().dump;
      expect(statSync(join(stand.backups, key)).size).toBeGreaterThan(13 * 1024 * 1024);
      const checked = await stand.thaw('check', stand.runbookFile);
      expect(checked.text).not.toContain('damaged');
      expect(checked.text).toContain('opens: archive');
      const drilled = await stand.thaw('drill', stand.runbookFile, '--snapshot', 'latest', '--yes');
      expect(drilled.text).not.toContain('damaged');
      expect(drilled.text).toContain('VERIFIED');
      expect(said).toContain('opens, as a restore will open it');
    },
  );

  it('tells what a restore of its dump will not be able to compute', async () => {
    await stand.sql(
      'CREATE FUNCTION doubled(v int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN twice(v); END $$',
      'CREATE FUNCTION twice(v int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT v * 2 $$',
      'CREATE TABLE twins (id int, both_of int GENERATED ALWAYS AS (doubled(id)) STORED)',
      'INSERT INTO twins VALUES (1)',
    );
    await stand.writeRunbook(runbookParts({ ageIdentityFile: age.file }, sealedWithAge('gzip')));
    const said = await stand.backUp();
    expect(said).toContain(
      'WARNING: a restore of this dump will not be able to compute generated column both_of of public.twins: function twice(integer) does not exist',
    );
    expect(said).toContain('ALTER FUNCTION … SET search_path');
    await stand.sql('DROP TABLE twins');
  });

  it('says that it could not try what it made where only the public key is at hand', async () => {
    const inputs = { RESTORE_KEY_FILE: { about: 'The identity, where restores are made from.' } };
    const [none, elsewhereOnly] = [{}, { ageIdentityFile: `\${RESTORE_KEY_FILE}` }];
    for (const runbook of [
      runbookParts(none, sealedWithAge('gzip')),
      { ...runbookParts(elsewhereOnly, sealedWithAge('gzip')), inputs },
    ]) {
      await stand.writeRunbook(runbook);
      const said = await stand.backUp();
      expect(said).toContain('could not be tried whether');
      expect(said).not.toContain('opens, as a restore will open it');
    }
    const elsewhere = makeGpgHome();
    const publicKeyFile = stand.gpg.exportPublic(stand.key);
    await stand.writeRunbook(
      runbookParts(
        { gnupgHome: elsewhere.folder },
        { compression: 'gzip', encrypt: { kind: 'openpgp', publicKeyFile } },
      ),
    );
    expect(await stand.backUp()).toContain('could not be tried whether');
    elsewhere.remove();
  });

  it('is not complete when the key that restores will have does not open it', async () => {
    const other = makeAgeKey('other.key');
    await stand.writeRunbook(runbookParts({ ageIdentityFile: other.file }, sealedWithAge('gzip')));
    const before = stand.newest();
    const said = await stand.thaw('backup', stand.runbookFile);
    expect(said.status).not.toBe(0);
    expect(said.text).toContain('does not open');
    expect(said.text).not.toContain('complete after');
    expect(stand.newest()).toEqual(before);
    expect((await stand.thaw('snapshots', stand.runbookFile)).text).toContain('never ended');
  });
});
