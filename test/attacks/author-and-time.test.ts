import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { artifactKey } from '../../src/backups/artifact-keys.ts';
import { type Manifest, writeManifest } from '../../src/backups/manifest.ts';
import { sha256 } from '../../src/base/digest.ts';
import { type BackupStand, database, drillSteps, startBackupStand } from '../parts/backup-stand.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';

/**
 * Whoever holds the backup key can write, replace and delete in the store, and reads the public key of the backups: he redates an old dump, lays
 * plain files beside encrypted ones, and dates forgeries ahead. Remains: without pinned signers, a new dump of his own that is dated now and
 * encrypted to the same key is taken like a genuine one.
 */

let stand: BackupStand;
let made: string[] = [];
const most = { maxBuffer: 1 << 28 };
const dayMs = 86_400_000;

beforeAll(async () => {
  stand = await startBackupStand();
  await stand.backUp();
});
afterAll(() => stand.remove());
afterEach(async () => {
  for (const key of made) rmSync(join(stand.backups, key), { force: true });
  made = [];
  await stand.writeRunbook();
});

function plant(key: string, content: Buffer | string): void {
  mkdirSync(dirname(join(stand.backups, key)), { recursive: true });
  writeFileSync(join(stand.backups, key), content);
  made.push(key);
}

/** As the layout writes it: 20991231T000000Z. */
const stamp = (timeMs: number) => `${new Date(timeMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
/** What `--snapshot` takes, where there is one host. */
const idOf = (key: string) =>
  key
    .split('/')
    .at(-1)
    ?.replace(/\.dump.*$/, '') ?? '';
const keyAt = (timeMs: number, ending: string) => `pg/company-1/${stamp(timeMs)}.dump${ending}`;

function dump(): Buffer {
  const pgDump = join(stand.production.binFolder, 'pg_dump');
  return execFileSync(pgDump, ['--format=custom', '--compress=0', stand.production.urlOf(database)], most);
}

/** The archive as pg_dump would have made it that many days ago: its header holds the local time. */
function agedBy(archive: Buffer, days: number): Buffer {
  const aged = Buffer.from(archive);
  const then = new Date(Date.now() - days * dayMs);
  // Magic, version, sizes and format are 11 bytes; up to 1.14 the compression is a number of 5, as each of the seven that follow.
  const parts = [
    ...[then.getSeconds(), then.getMinutes(), then.getHours(), then.getDate()],
    ...[then.getMonth(), then.getFullYear() - 1900],
  ];
  const from = 11 + (aged.readUInt8(6) >= 15 ? 1 : 5);
  for (const [index, value] of parts.entries()) aged.writeInt32LE(value, from + index * 5 + 1);
  return aged;
}

const seal = (archive: Buffer) =>
  stand.gpg.encryptTo([stand.key], execFileSync('zstd', ['-c'], { input: archive, ...most }));

/** A dump of ten days ago under a new name, with the manifest of the newest, redated. */
function plantRedated(at: { readonly namedMs: number; readonly takenAtMs: number }): string {
  const key = keyAt(at.namedMs, '.zst.gpg');
  const archive = agedBy(dump(), 10);
  const content = seal(archive);
  plant(key, content);
  const genuine = stand.newest();
  const forged: Manifest = {
    ...genuine,
    takenAt: new Date(at.takenAtMs).toISOString(),
    dump: {
      ...genuine.dump,
      ...{ key, sizeBytes: content.length, sha256: sha256(content) },
      ...{ unpackedBytes: archive.length, unpackedSha256: sha256(archive) },
    },
  };
  plant(artifactKey(key, 'manifest'), writeManifest(forged));
  return key;
}

describe('a plain dump among encrypted ones', () => {
  const plantPlain = () => {
    const key = keyAt(Date.now() + 1000, '.zst');
    plant(key, execFileSync('zstd', ['-c'], { input: dump(), ...most }));
    return key;
  };

  it('is not taken for the latest where the producer encrypts, and is refused by name', async () => {
    const key = plantPlain();
    const said = await stand.thaw('check', stand.runbookFile);
    expect(said.text).not.toContain('it needs no key');
    expect(said.text).toContain(stand.newest().dump.key.replace('pg/company-1/', '').slice(0, 16));
    const drilled = await stand.thaw(
      ...['drill', stand.runbookFile, '--snapshot', idOf(key), '--yes', '--plain'],
    );
    expect(drilled.status, drilled.text).not.toBe(0);
    expect(drilled.text).toContain('it is not encrypted, and backups are encrypted here');
    expect(drilled.text).toContain('backups.dumps.encrypted: false');
  });

  it('is no healthy backup for the monitor, and pushes no other out', async () => {
    plantPlain();
    const monitored = await stand.thaw('monitor', stand.runbookFile);
    expect(monitored.status).toBe(1);
    expect(monitored.text).toContain('it is not encrypted, and backups are encrypted here');
    await stand.writeRunbook({ retention: { hourly: 1, floor: 1 } });
    const pruned = await stand.thaw('prune', stand.runbookFile, '--dry-run');
    expect(pruned.text).toContain('0 would be removed');
  });

  it('is in doubt where nobody says whether backups are encrypted', async () => {
    const key = plantPlain();
    await stand.writeRunbook({ producer: undefined });
    const said = await stand.thaw('check', stand.runbookFile, '--snapshot', idOf(key));
    expect(said.text).toContain('is not encrypted, and 1 other dumps in this store are');
    expect(said.status, said.text).not.toBe(0);
  });

  it('is not what the roles come from: the file that the manifest names is', async () => {
    const genuine = stand.newest();
    const name = artifactKey(genuine.dump.key, 'globals');
    plant(
      name,
      'CREATE ROLE evil;\nALTER ROLE evil WITH SUPERUSER LOGIN;\n-- PostgreSQL database cluster dump complete\n',
    );
    const [chosen, ...others] = drillSteps;
    await stand.writeRunbook({
      steps: [chosen, { kind: 'restore-roles', layout: 'none/{timestamp}.sql' }, ...others],
    });
    const drilled = await stand.thaw(
      ...['drill', stand.runbookFile, '--snapshot', 'latest', '--yes', '--plain'],
    );
    expect(drilled.text).toContain(`${genuine.parts?.find((part) => part.name === 'globals')?.key} is whole`);
    expect(drilled.text).not.toContain('evil');
    // Without a manifest there is nothing but the name to go by.
    const manifest = join(stand.backups, artifactKey(genuine.dump.key, 'manifest'));
    const kept = `${manifest}.kept`;
    const started = join(stand.backups, artifactKey(genuine.dump.key, 'started'));
    copyFileSync(manifest, kept);
    const sealed = genuine.parts?.find((part) => part.name === 'globals')?.key ?? '';
    const globals = readFileSync(join(stand.backups, sealed));
    const mark = readFileSync(started);
    try {
      for (const file of [manifest, started, join(stand.backups, sealed)]) rmSync(file);
      const again = await stand.thaw(
        ...['drill', stand.runbookFile, '--snapshot', 'latest', '--yes', '--plain'],
      );
      expect(again.text).toContain('lies beside an encrypted dump and is not encrypted');
      expect(again.status).not.toBe(0);
    } finally {
      copyFileSync(kept, manifest);
      rmSync(kept);
      writeFileSync(started, mark);
      writeFileSync(join(stand.backups, sealed), globals);
    }
  });
});

describe('an old dump under a new key, with a forged manifest', () => {
  it('that says a time to come is never the latest', async () => {
    const genuine = idOf(stand.newest().dump.key);
    const future = Date.now() + 2 * dayMs;
    const key = plantRedated({ namedMs: future, takenAtMs: future });
    const verified = await stand.thaw('verify', stand.runbookFile);
    expect(verified.text).toContain(genuine);
    expect(verified.text).not.toContain(stamp(future));
    const named = await stand.thaw('verify', stand.runbookFile, '--snapshot', idOf(key));
    expect(named.status, named.text).toBe(7);
    expect(named.text).toContain('which is still to come');
  });

  it('that says now is told by the time inside the archive: no drill of it is VERIFIED', async () => {
    const key = plantRedated({ namedMs: Date.now() + 2000, takenAtMs: Date.now() });
    const verified = await stand.thaw('verify', stand.runbookFile, '--snapshot', idOf(key));
    expect(verified.status, verified.text).toBe(7);
    expect(verified.text).toMatch(
      /pg_dump made the archive in .* (9|10) d.* before the time that its manifest says/,
    );
    const drilled = await stand.thaw(
      ...['drill', stand.runbookFile, '--snapshot', idOf(key), '--yes', '--plain'],
    );
    expect(drilled.status, drilled.text).not.toBe(0);
    const record = await readRecord(join(stand.folder, 'restore-logs'));
    expect(record.result.verdict).not.toBe('verified');
    const takenAt = Date.parse(record.recoveryPoint?.takenAt ?? '');
    expect(Date.now() - takenAt).toBeGreaterThan(8 * dayMs);
    expect(checksOf(record).join('\n')).toContain('pg_dump made the archive');
  });
});

describe('dumps dated 2099', () => {
  beforeAll(async () => {
    await stand.backUp();
  });

  it('are not healthy, and prune keeps the genuine ones and says why the forged stay', async () => {
    const genuine = stand.keys().filter((key) => key.endsWith('.zst.gpg') && !key.includes('globals'));
    const content = readFileSync(join(stand.backups, genuine[0] ?? ''));
    for (const hour of [1, 2, 3]) plant(keyAt(Date.UTC(2099, 0, 1, hour), '.zst.gpg'), content);
    const monitored = await stand.thaw('monitor', stand.runbookFile);
    expect(monitored.status).toBe(1);
    expect(monitored.text).toContain('a backup is in doubt');
    await stand.writeRunbook({ retention: { hourly: 1, floor: 1 } });
    const pruned = await stand.thaw('prune', stand.runbookFile, '--dry-run');
    expect(pruned.text).toContain('which is still to come: look at it');
    // Of an hour the newest stays, as without the forgeries.
    const kept = idOf(genuine.at(-1) ?? '');
    expect(pruned.text).toMatch(new RegExp(`keep +\\S*${kept}`));
    const snapshots = await stand.thaw('snapshots', stand.runbookFile);
    expect(snapshots.text).toMatch(/^\* /m);
    expect(snapshots.text.split('\n').find((line) => line.startsWith('*'))).not.toContain('2099');
  });
});
