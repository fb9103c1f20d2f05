import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BackupStand, database, drillSteps, startBackupStand } from '../../parts/backup-stand.ts';
import { readRecord } from '../../parts/run-log.ts';

let stand: BackupStand;
beforeAll(async () => {
  stand = await startBackupStand();
});
afterAll(() => stand.remove());

const minuteMs = 60_000;
const most = { maxBuffer: 1 << 28 };

/** As a script writes the time of its own clock on the wall: 20261128-173000. */
function placeDump(
  key: (stamp: string) => string,
  of: { readonly oldMs: number; readonly aheadMs: number },
): void {
  const uploaded = new Date(Date.now() - of.oldMs);
  const wall = new Date(uploaded.getTime() + of.aheadMs).toISOString();
  const path = join(stand.backups, key(wall.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')));
  const pgDump = join(stand.production.binFolder, 'pg_dump');
  const archive = execFileSync(
    pgDump,
    ['--format=custom', '--compress=0', stand.production.urlOf(database)],
    most,
  );
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    stand.gpg.encryptTo([stand.key], execFileSync('zstd', ['-c'], { input: archive, ...most })),
  );
  utimesSync(path, uploaded, uploaded);
}

async function drilled(layout: string) {
  await stand.writeRunbook({
    backups: {
      store: { kind: 'directory', path: stand.backups },
      dumps: { layout },
      key: { privateKeyFile: stand.secretKeyFile },
    },
    steps: drillSteps.slice(0, 5),
  });
  const logFolder = mkdtempSync(join(stand.folder, 'log-'));
  const said = await stand.thaw(
    'drill',
    stand.runbookFile,
    '--log-dir',
    logFolder,
    '--snapshot',
    'latest',
    '--yes',
  );
  return { text: said.text, record: await readRecord(logFolder) };
}

describe('a dump of 150 minutes ago, with a recovery point objective of one hour', () => {
  it('is 2 h 30 old, though its name is in the local time of three hours ahead, and the objective is not met', async () => {
    placeDump((stamp) => `local/${stamp}.dump.zst.gpg`, { oldMs: 150 * minuteMs, aheadMs: 180 * minuteMs });
    const { text, record } = await drilled('local/{timestamp}.dump.zst.gpg');
    expect(text).toMatch(/loss 2 h 30 of 1 h RPO/);
    expect(record).toMatchObject({ rpo: { met: false } });
  });

  it('is as old where its name tells no time at all', async () => {
    placeDump(() => 'timeless/latest.dump.zst.gpg', { oldMs: 150 * minuteMs, aheadMs: 0 });
    const { text, record } = await drilled('timeless/{any}.dump.zst.gpg');
    expect(text).toMatch(/loss 2 h 30 of 1 h RPO/);
    expect(record).toMatchObject({ rpo: { met: false } });
  });
});
