import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BackupStand, startBackupStand } from '../../parts/backup-stand.ts';
import { type BusyWriters, startBusyWriters } from '../../parts/busy-writers.ts';
import { runsOf } from '../../parts/property-runs.ts';

/** At night two hundred times as many. */
const drills = runsOf(4);

let stand: BackupStand;
let writers: BusyWriters;

beforeAll(async () => {
  stand = await startBackupStand();
  writers = await startBusyWriters(stand);
});
afterAll(async () => {
  await writers.stop();
  await stand.remove();
});

it(
  'every drill shows zero difference to the manifest while hundreds of rows a second are written',
  async () => {
    const startedMs = performance.now();
    for (let number = 1; number <= drills; number += 1) {
      await stand.backUp();
      const manifest = stand.newest();
      const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
      const said = await stand.thaw(
        'drill',
        stand.runbookFile,
        '--plain',
        '--answer',
        'choose-snapshot=latest',
        '--log-dir',
        join(stand.folder, 'logs'),
      );
      const of = `drill ${number}: ${said.text}`;
      expect(said.text, of).toContain(
        `5 of 5 tables equal to the manifest, ${rows.toString().replace(/\B(?=(\d{3})+$)/g, ',')} rows`,
      );
      expect(said.text, of).toContain(`${manifest.sequences.length} sequences stand where they stood`);
      expect(said.text, of).toContain('2 extensions are there');
      expect(said.text, of).toContain('the newest rows of 4 tables are those of the manifest');
      expect(said.text, of).toContain(
        `all ${manifest.objects?.count} objects of the mirror are those that were backed up`,
      );
      expect(said.text, of).toContain('rows have their object');
      expect(said.text, of).not.toContain('failed:');
    }
    const perSecond = (writers.rows() * 1000) / (performance.now() - startedMs);
    expect(perSecond).toBeGreaterThan(200);
    process.stderr.write(
      `\n${drills} drills; ${Math.round(perSecond)} rows a second were written meanwhile.\n`,
    );
  },
  drills * 45_000,
);
