import { createCipheriv, createHash } from 'node:crypto';
import { fingerprintSecret } from '../../src/backups/fingerprint.ts';
import { writeManifest } from '../../src/backups/manifest.ts';
import type { Step } from '../../src/kinds/kind.ts';
import type { Inventory } from '../../src/ports/database-server.ts';
import { parseStep } from '../engine/toy-handlers.ts';
import { archiveBytes } from './archive-bytes.ts';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';

/** The walk of the rehearsal's runbook, over a company in memory: every step finds what it needs, until a test takes it away. */

export const newest = '2026-04-28/14';
export const older = '2026-04-28/13';

const healthUrl = 'http://127.0.0.1:4000/health';

export const wholeWalk: readonly Step[] = [
  { kind: 'choose-snapshot' },
  { kind: 'stop-writers', services: ['web', 'worker', 'scheduler'] },
  { kind: 'fetch' },
  { kind: 'decrypt' },
  { kind: 'restore-database' },
  { kind: 'mirror-objects', alongside: true },
  {
    kind: 'verify-secrets',
    required: ['DATABASE_URL', 'ENCRYPTION_KEY'],
    probes: [
      {
        title: 'settings',
        secret: 'ENCRYPTION_KEY',
        query: 'SELECT value FROM system_settings',
        layout: 'iv:tag:ciphertext',
        lossIfWrong: 'The OCR keys are lost.',
      },
    ],
  },
  { kind: 'start-services', services: ['web', 'worker', 'scheduler'], followLog: 'worker', quiet: '2s' },
  {
    kind: 'smoke-checklist',
    items: [
      {
        ...{ kind: 'query', id: 'clients', title: 'Clients', query: 'SELECT count(*) FROM clients' },
        expect: { atLeast: 1, manifestRowsOf: 'public.clients' },
      },
      { kind: 'http', id: 'health', title: 'It answers', url: healthUrl, contains: 'ok' },
      {
        ...{ kind: 'references', id: 'receipts', title: 'Every receipt has its file' },
        query: 'SELECT storage_key FROM receipts',
      },
      { kind: 'attest', id: 'look', title: 'Look at it', instructions: `Open ${healthUrl}.` },
    ],
  },
].map(parseStep);

const tables = ['clients', 'receipts'].map((name) => ({ schema: 'public', name, rows: 7 }));
const restored: Inventory = { tables, sequences: [], extensions: [] };
const key = createHash('sha256').update('the key of the company').digest();

const keyOf = (snapshot: string) => `pg/a/${snapshot}.dump.gz.gpg`;

export async function createCompany(): Promise<FakeWorld> {
  const world = createFakeWorld();
  await placeBackups(world);
  for (const name of ['backups', 'live'] as const)
    for (const file of ['a.jpg', 'b.jpg'])
      world.stores[name]?.place(`${name === 'backups' ? 'minio/' : ''}${file}`, {
        content: `content of ${file}`,
      });
  const env = `DATABASE_URL=postgresql://crm@db/crm\nENCRYPTION_KEY=${key.toString('hex')}\n`;
  world.host.files.set('/app/.env', Buffer.from(env));
  world.host.pages.set(healthUrl, { status: 200, text: '{"status":"ok"}' });
  for (const server of [world.production, world.sandbox]) {
    server.answers.set('system_settings', [{ value: sealed('an API key') }]);
    server.answers.set('count(*) FROM clients', [{ count: '7' }]);
    server.answers.set('storage_key FROM receipts', [{ storage_key: 'a.jpg' }, { storage_key: 'b.jpg' }]);
    server.answers.set('pg_attribute', []);
  }
  world.production.databases.set('crm', { content: 'ruined', inventory: restored });
  world.tools.restored = (database) => {
    for (const { databases } of [world.production, world.sandbox]) {
      const found = databases.get(database);
      if (found !== undefined)
        databases.set(database, { ...found, content: 'restored', inventory: restored });
    }
  };
  return world;
}

/** 13 o'clock without a manifest, 14 o'clock with one. */
async function placeBackups({ stores }: FakeWorld): Promise<void> {
  const content = archiveBytes();
  for (const snapshot of [older, newest]) {
    const modifiedAtMs = Date.parse(`${snapshot.replace('/', 'T')}:05:00Z`);
    stores.backups?.place(keyOf(snapshot), { content, modifiedAtMs });
  }
  const fingerprint = await fingerprintSecret({ name: 'ENCRYPTION_KEY', value: key.toString('hex') });
  const manifest = writeManifest({
    ...{ thawManifest: 1, takenAt: '2026-04-28T14:02:00Z', host: 'a', tables, sequences: [], extensions: [] },
    dump: {
      key: keyOf(newest),
      sizeBytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    },
    fingerprints: { ENCRYPTION_KEY: fingerprint },
    encryption: { kind: 'openpgp', recipient: 'backups', keyIds: ['0123456789ABCDEF'] },
  });
  stores.backups?.place(`pg/a/${newest}.dump.manifest.json`, { content: manifest });
}

/** The newest dump keeps its length, and is not any more what its manifest speaks of. */
export function spoilNewest({ stores }: FakeWorld): void {
  const content = Buffer.concat([archiveBytes().subarray(0, -4), Buffer.from('!!!!')]);
  stores.backups?.place(keyOf(newest), { content, modifiedAtMs: Date.parse('2026-04-28T14:05:00Z') });
}

function sealed(text: string): string {
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12, 7));
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()]);
  return [Buffer.alloc(12, 7), cipher.getAuthTag(), ciphertext].map((part) => part.toString('hex')).join(':');
}
