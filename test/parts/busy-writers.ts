import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BackupStand, database, putObject } from './backup-stand.ts';

export type BusyWriters = {
  rows(): number;
  stop(): Promise<void>;
};

/** Several clients that write into every table all the time, call sequences, delete rows, and upload objects beside it. */
export async function startBusyWriters(stand: BackupStand): Promise<BusyWriters> {
  let running = true;
  let rows = 0;
  const writer = async (number: number) => {
    const client = await stand.production.connect(stand.production.urlOf(database));
    for (let turn = 1; running; turn += 1) {
      const key = `receipts/busy-${number}-${turn}.pdf`;
      if (turn % 10 === 0) await putObject(stand.objects, key, `receipt of writer ${number}, turn ${turn}`);
      // One object that never rests, and others that are gone before they are copied.
      await putObject(stand.folder, `hot-${number}`, 'x'.repeat(1 + (turn % 500)));
      await mkdir(join(stand.objects, 'hot'), { recursive: true });
      // As a store of objects does it: the old one or the new one, never half of it.
      await rename(join(stand.folder, `hot-${number}`), join(stand.objects, `hot/${number}.txt`));
      await putObject(stand.objects, `tmp/${number}-${turn}`, 'soon gone');
      if (turn > 3) await rm(join(stand.objects, `tmp/${number}-${turn - 3}`));
      await client.query('BEGIN');
      await client.query(`INSERT INTO events (what) SELECT 'event ' || n FROM generate_series(1, 5) n`);
      await client.query(`INSERT INTO clients (name) VALUES ($1)`, [`busy ${number} ${turn}`]);
      await client.query('INSERT INTO tenant_x.orders (amount) VALUES ($1)', [turn]);
      await client.query("SELECT nextval('never_called')");
      if (turn % 10 === 0) await client.query('INSERT INTO receipts (storage_key) VALUES ($1)', [key]);
      if (turn % 7 === 0)
        await client.query('DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY id LIMIT 3)');
      await client.query('COMMIT');
      rows += 7;
      await sleep(15);
    }
    await client.end();
  };
  const writers = [1, 2, 3, 4].map(writer);
  return {
    rows: () => rows,
    stop: async () => {
      running = false;
      await Promise.all(writers);
    },
  };
}
