import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withConnection } from './database.ts';
import { encryptSetting } from './encrypt-setting.ts';
import { objectContent } from './object-content.ts';
import { crmSchema } from './schema.ts';
import { laterWorkSql, seedSizes, seedSql } from './seed-sql.ts';

type SeedRequest = {
  readonly databaseUrl: string;
  /** 64 hex digits. */
  readonly encryptionKey: string;
  readonly objectsDirectory: string;
  readonly size: keyof typeof seedSizes;
  /** The moment of the newest row; now when left out. */
  readonly endsAt?: Date;
  /** The plain values that are stored encrypted, by key. */
  readonly encryptedSettings?: Readonly<Record<string, string>>;
};

const plainSettings: Readonly<Record<string, string>> = {
  'port.name': 'Harbour',
  'port.currency': 'EUR',
  'ocr.provider': 'sandbox',
  'ai.monthly_budget_cents': '5000',
};

/** Makes the schema, fills it and writes one file for each receipt and document. The database must be empty. */
export async function seedCrm(request: SeedRequest): Promise<void> {
  const objects = await withConnection(request.databaseUrl, async (client) => {
    await client.query(crmSchema);
    await client.query(seedSql(seedSizes[request.size], request.endsAt ?? new Date()));
    const secretSettings = request.encryptedSettings ?? { 'ocr.api_key': 'sandbox-ocr-key' };
    const settings = [
      ...Object.entries(plainSettings).map(([key, value]) => ({ key, value, encrypted: false })),
      ...Object.entries(secretSettings).map(([key, value]) => ({
        key,
        value: encryptSetting(value, request.encryptionKey),
        encrypted: true,
      })),
    ];
    await client.query(
      `insert into system_settings (key, value, encrypted)
       select key, value, encrypted from jsonb_to_recordset($1) as s(key text, value text, encrypted boolean)`,
      [JSON.stringify(settings)],
    );
    await client.query('analyze');
    const { rows } = await client.query<{ storage_key: string; size_bytes: number }>(
      'select storage_key, size_bytes from receipts union all select storage_key, size_bytes from documents',
    );
    return rows;
  });
  for (const { storage_key: key, size_bytes: sizeBytes } of objects) {
    const file = join(request.objectsDirectory, key);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, objectContent({ key, sizeBytes }));
  }
}

/** Adds what the office did between two moments. */
export async function addLaterWork(request: {
  readonly databaseUrl: string;
  readonly from: Date;
  readonly until: Date;
}): Promise<void> {
  await withConnection(request.databaseUrl, (client) =>
    client.query(laterWorkSql(request.from, request.until)),
  );
}
