import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { keepTurning, type Log } from './database.ts';
import { decryptSetting } from './encrypt-setting.ts';
import { objectContent } from './object-content.ts';

type WorkerOptions = {
  readonly pool: Pool;
  readonly encryptionKey: string;
  /** Without one it files no receipts: a row must never name a file that was nowhere to be put. */
  readonly objectsDirectory: string | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
};

const socketCount = 12;

/** Files receipts. Its log shows a flurry of reconnections at the start, then quiet: the sign operators wait for. */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { pool, objectsDirectory, log, signal } = options;
  const greeting = greetOnce(options);
  await keepTurning({
    everyMs: 400,
    signal,
    log,
    turn: async () => {
      await greeting();
      if (objectsDirectory !== undefined) await fileReceipt(pool, objectsDirectory);
      await pool.query(
        `insert into ai_usage_ledger (feature, tokens, cost_micros) values ('receipt-ocr', 1200, 2400)`,
      );
    },
  });
}

function greetOnce(options: WorkerOptions): () => Promise<void> {
  let greeted = false;
  return async () => {
    if (greeted) return;
    await checkSettings(options);
    greeted = true;
    for (let socket = 1; socket <= socketCount && !options.signal.aborted; socket += 1) {
      options.log(`reconnected socket ${socket} of ${socketCount}`);
      await sleep(25);
    }
    options.log('queue is empty, waiting for work');
  };
}

/** Says aloud whether ENCRYPTION_KEY still opens what is stored: after a restore it is the easiest thing to get wrong. */
async function checkSettings(options: WorkerOptions): Promise<void> {
  const { rows } = await options.pool.query<{ key: string; value: string }>(
    'select key, value from system_settings where encrypted order by key',
  );
  for (const row of rows) {
    const opened = decryptSetting(row.value, options.encryptionKey) !== undefined;
    if (!opened) options.log(`cannot open setting ${row.key}: ENCRYPTION_KEY is not the one that wrote it`);
  }
}

/**
 * The file stands under its name before the row that names it is committed, and a refused row leaves no file: so a
 * dump taken at any moment names only files that exist.
 */
async function fileReceipt(pool: Pool, objectsDirectory: string): Promise<void> {
  const client = await pool.connect();
  // A connection in our hands reports its end to us and not to the pool; the query that follows fails anyway.
  const ignore = () => undefined;
  client.on('error', ignore);
  let failed: Error | undefined;
  try {
    await client.query('begin');
    const { rows } = await client.query<{ id: string; storage_key: string; size_bytes: number }>(
      `insert into receipts (invoice_id, storage_key, size_bytes)
       select max(id), 'receipts/live/' || gen_random_uuid() || '.pdf', 1024 + floor(random() * 8192)::int from invoices
       returning id, storage_key, size_bytes`,
    );
    const receipt = rows[0];
    if (receipt !== undefined) {
      await writeObject(objectsDirectory, {
        key: receipt.storage_key,
        sizeBytes: receipt.size_bytes,
      });
    }
    await client.query('commit');
  } catch (error) {
    failed = error instanceof Error ? error : new Error(String(error));
    throw failed;
  } finally {
    // A connection in an unknown state is thrown away, which also rolls its transaction back; it may still complain.
    if (failed === undefined) client.off('error', ignore);
    client.release(failed ?? false);
  }
}

async function writeObject(
  folder: string,
  object: { readonly key: string; readonly sizeBytes: number },
): Promise<void> {
  const file = join(folder, object.key);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.part`, objectContent(object));
  await rename(`${file}.part`, file);
}
