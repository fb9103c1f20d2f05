import { readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { artifactKey } from '../../../src/backups/artifact-keys.ts';
import { type BackupStand, drillSteps, putObject, startBackupStand } from '../../parts/backup-stand.ts';
import { replaceDump } from '../../parts/replace-dump.ts';
import { runThawUntil } from '../../parts/stopped-thaw.ts';

let stand: BackupStand;
let undo: () => unknown = () => {};

beforeAll(async () => {
  stand = await startBackupStand();
  await stand.backUp();
});
afterEach(async () => {
  await undo();
  undo = () => {};
});
afterAll(() => stand.remove());

/** Puts a file back as it was. */
function keep(path: string): void {
  const bytes = readFileSync(path);
  undo = () => writeFileSync(path, bytes);
}

const verify = (...options: readonly string[]) => stand.thaw('verify', stand.runbookFile, ...options);
const drill = () =>
  stand.thaw(
    'drill',
    stand.runbookFile,
    '--plain',
    '--answer',
    'choose-snapshot=latest',
    '--yes',
    '--log-dir',
    join(stand.folder, 'logs'),
  );

describe('a snapshot in which nothing is wrong', () => {
  it('is verified, restored into a throwaway database, and compared to the last count', async () => {
    const said = await verify('--restore');
    expect(said.text).toContain('Verified against the manifest.');
    expect(said.status).toBe(0);
    for (const proof of [
      'SHA-256 equals the manifest',
      'decrypted and authenticated to its end',
      'SHA-256 of the archive inside equals the manifest',
      'all 5 tables that were counted are in the dump',
      'all 12 objects of the mirror are those that were backed up',
      'globals and objects have the SHA-256 of the manifest',
      '5 of 5 tables equal to the manifest, 304 rows',
      'the newest rows of 4 tables are those of the manifest',
      '5 sequences stand where they stood',
      '2 extensions are there',
    ]) {
      expect(said.text).toContain(proof);
    }
    const left = await stand.drill.sql(
      'postgres',
      `SELECT datname FROM pg_database WHERE datname LIKE '%restore%'`,
    );
    expect(left).toEqual([]);
  });
});

describe('what a dump lacks is named', () => {
  const cases = [
    ['one missing row', ['DELETE FROM clients WHERE id = 7'], 'public.clients holds 249 rows instead of 250'],
    [
      'one row that is another',
      ["UPDATE clients SET created_at = created_at + interval '1 hour' WHERE id = 7"],
      'public.clients has created_at',
    ],
    ['one missing table', ['DROP TABLE receipts'], 'public.receipts is missing (12 rows expected)'],
    ['a missing schema', ['DROP SCHEMA tenant_x CASCADE'], 'tenant_x.orders is missing (40 rows expected)'],
    [
      'a sequence set back',
      ["SELECT setval('clients_id_seq', 5)"],
      'public.clients_id_seq stands at 5 instead of 250',
    ],
    ['a missing extension', ['DROP EXTENSION pgcrypto'], 'extensions are missing: pgcrypto'],
  ] as const;
  for (const [what, statements, words] of cases) {
    it(what, async () => {
      undo = await replaceDump(stand, ...statements);
      const said = await verify('--restore');
      expect(said.text).toContain(words);
      expect(said.status).toBe(1);
    });
  }

  it('a missing table and a missing schema without restoring a row', async () => {
    undo = await replaceDump(stand, 'DROP SCHEMA tenant_x CASCADE', 'DROP TABLE receipts');
    const said = await verify();
    expect(said.text).toContain(
      '2 tables that were counted are not in the dump: public.receipts; tenant_x.orders',
    );
    expect(said.text).toContain('nothing at all of schema tenant_x');
    expect(said.status).toBe(1);
  });
});

describe('what is wrong with the objects is named', () => {
  const mirrored = (number: number) => join(stand.backups, `objects/receipts/${number}.pdf`);

  it('one object missing', async () => {
    keep(mirrored(3));
    rmSync(mirrored(3));
    const said = await verify();
    expect(said.text).toContain(
      '1 of 12 objects that were backed up are missing from the mirror: receipts/3.pdf',
    );
    expect(said.status).toBe(1);
  });

  it('one object with a flipped byte', async () => {
    keep(mirrored(4));
    const bytes = readFileSync(mirrored(4));
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    writeFileSync(mirrored(4), bytes);
    const said = await verify();
    expect(said.text).toContain('1 objects of the mirror are not what was backed up: receipts/4.pdf');
    expect(said.status).toBe(1);
  });

  it('one object too many, whenever it is dated', async () => {
    const path = join(stand.backups, 'objects/receipts/planted.pdf');
    await putObject(stand.backups, 'objects/receipts/planted.pdf', 'who put me here');
    utimesSync(path, new Date('2026-01-01'), new Date('2026-01-01'));
    undo = () => rmSync(path);
    const said = await verify();
    expect(said.text).toContain(
      '1 objects of the mirror are not in the list of this snapshot: receipts/planted.pdf',
    );
    expect(said.status).toBe(7);
  });

  it('a drill names all three', async () => {
    const planted = join(stand.backups, 'objects/receipts/planted.pdf');
    const before = [3, 4].map((number) => [mirrored(number), readFileSync(mirrored(number))] as const);
    undo = () => {
      rmSync(planted);
      for (const [path, bytes] of before) writeFileSync(path, bytes);
    };
    await putObject(stand.backups, 'objects/receipts/planted.pdf', 'who put me here');
    rmSync(mirrored(3));
    writeFileSync(mirrored(4), 'another receipt');
    const said = await drill();
    expect(said.text).toContain('are missing from the mirror: receipts/3.pdf');
    expect(said.text).toContain('are not what was backed up: receipts/4.pdf');
    expect(said.text).toContain('not in the list of this snapshot: receipts/planted.pdf');
    expect(said.status).not.toBe(0);
  });
});

/** References against keys in both directions. */
function withBothWays() {
  return drillSteps.map((step) =>
    step.kind === 'smoke-checklist'
      ? {
          ...step,
          items: [
            {
              kind: 'references',
              id: 'receipts',
              title: 'Every receipt has its file and every file its receipt',
              query: 'SELECT storage_key FROM receipts',
              prefix: 'receipts/',
              unreferenced: 'fail',
            },
          ],
        }
      : step,
  );
}

describe('keys and views that do not fit are named', () => {
  it('a rotated ENCRYPTION_KEY, before anything is stopped', async () => {
    keep(stand.envFile);
    writeFileSync(stand.envFile, `ENCRYPTION_KEY=${'ab'.repeat(32)}\n`);
    const said = await drill();
    expect(said.text).toMatch(
      /ENCRYPTION_KEY has the fingerprint [0-9a-f-]+ instead of [0-9a-f-]+: The OCR key is lost/,
    );
    expect(said.status).toBe(3);
  });

  it('a rotated GPG key, with the ids of both', async () => {
    const other = stand.gpg.makeKey({ userId: 'rotated@company.invalid', kind: 'ed25519' });
    await stand.writeRunbook({
      backups: {
        store: { kind: 'directory', path: stand.backups },
        dumps: { layout: 'pg/{host}/{timestamp}.dump[.gz][.zst][.gpg][.age]' },
        objects: { prefix: 'objects/' },
        key: { privateKeyFile: stand.gpg.exportSecret(other) },
      },
    });
    undo = () => stand.writeRunbook();
    const said = await verify();
    expect(said.text).toContain(`The backup is encrypted for ${stand.key.keyIds[1]}`);
    expect(said.text).toContain(other.keyIds[1]);
    expect(said.status).toBe(1);
  });

  it('a manifest edited by hand', async () => {
    const file = join(stand.backups, artifactKey(stand.newest().dump.key, 'manifest'));
    keep(file);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"rows": 250', '"rows": 249'));
    const said = await verify();
    expect(said.text).toContain('it was changed after it was written: its own digest does not match');
    expect(said.status).toBe(1);
  });

  it('a dump of zero bytes', async () => {
    const file = join(stand.backups, stand.newest().dump.key);
    keep(file);
    truncateSync(file, 0);
    const said = await verify();
    expect(said.text).toContain('0 bytes cannot hold a dump');
    expect(said.status).toBe(1);
  });

  it('a dump that lost its end, and one with a flipped byte', async () => {
    const file = join(stand.backups, stand.newest().dump.key);
    const bytes = readFileSync(file);
    undo = () => writeFileSync(file, bytes);
    writeFileSync(file, bytes.subarray(0, -100));
    expect((await verify()).text).toContain('The encrypted data ends early');
    const flipped = Buffer.from(bytes);
    flipped[bytes.length - 200] = (flipped[bytes.length - 200] ?? 0) ^ 1;
    writeFileSync(file, flipped);
    const said = await verify();
    expect(said.text).toContain('SHA-256 differs from the manifest');
    expect(said.text).toContain('its checksum does not match');
    expect(said.status).toBe(1);
  });
});

describe('rows and objects that do not know each other', () => {
  it('are named by the drill, both ways', async () => {
    await stand.sql(`INSERT INTO receipts (storage_key) VALUES ('receipts/never-uploaded.pdf')`);
    await putObject(stand.objects, 'receipts/orphan.pdf', 'nobody names me');
    await stand.backUp();
    await stand.writeRunbook({ steps: withBothWays() });
    const said = await drill();
    expect(said.text).toContain('1 of 13 rows name an object that is not there: receipts/never-uploaded.pdf');
    expect(said.text).toContain('1 objects below receipts/ are named by no row: receipts/orphan.pdf');
    expect(said.status).not.toBe(0);
  });
});

describe('A verification that is stopped', () => {
  it('between two snapshots does not end as if all had been looked at', async () => {
    await stand.backUp();
    const { status, text } = await runThawUntil('✓ passed', {
      args: ['verify', stand.runbookFile, '--all'],
      ...{ cwd: stand.folder, env: { HOME: stand.folder } },
    });
    expect(status, text).toBe(5);
    expect(text).toMatch(/Stopped after 1 of \d snapshots/);
    expect(text).not.toContain('Verified');
  });
});
