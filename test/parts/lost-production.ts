import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { loseProduction } from '../../src/sandbox/disaster.ts';
import type { OldBackup } from '../../src/sandbox/old-backup.ts';
import { countRows, readValue } from './count-rows.ts';
import type { PortNimara } from './port-nimara.ts';
import { backUp } from './port-nimara-backups.ts';
import { filesHolding, newestRun, readEntries, readRecord } from './run-log.ts';
import { runThaw, type ThawEnd } from './thaw.ts';

/** A disaster, and what has to be true after the restore: looked at without thaw. */

export const objectCount = 1000;

/** What only a person can see, seen beforehand. */
const attested = ['documenso', 'email', 'realtime'].flatMap((id) => [
  '--answer',
  `smoke-checklist.${id}=passed:looked at by the test`,
]);

/** Everything a live restore asks, answered beforehand: but the name, and the name. */
export const unconfirmed: readonly string[] = ['--yes', '--snapshot', 'latest', ...attested];
export const confirmed: readonly string[] = ['--confirm', 'port_nimara_crm'];
export const answers: readonly string[] = [...unconfirmed, ...confirmed];

/** One live object was overwritten by the loss: it differs from the backup, so the bucket is named, too. */
export function namesBucket(nimara: PortNimara): readonly string[] {
  return ['--confirm', nimara.live.config.bucket];
}

/** Production with its backup taken while it worked, then ruined: database, objects, everything but the backup. */
export async function loseEverything(nimara: PortNimara): Promise<OldBackup> {
  await nimara.untilWritersWrite();
  const backup = await backUp(nimara);
  await nimara.live.putFolder(nimara.objectsFolder);
  await nimara.untilWritersWrite();
  const objectsDirectory = await mkdtemp(join(nimara.folder, 'nothing-'));
  await loseProduction({
    sandbox: { databaseUrl: nimara.databaseUrl, objectsDirectory },
    onLine: () => undefined,
  });
  const keys = await nimara.live.keys();
  // A third is gone, one was overwritten with as many other bytes, one came after the backup.
  await nimara.live.remove(keys.filter((_, index) => index % 3 === 0));
  const [victim = ''] = keys.slice(1);
  await nimara.live.put(victim, Buffer.alloc((await nimara.live.get(victim)).length, 'x'));
  await nimara.live.put('receipts/after-the-backup.pdf', Buffer.from('newer than the backup'));
  return backup;
}

export function thaw(nimara: PortNimara, ...args: readonly string[]): Promise<ThawEnd> {
  return runThaw({ args, env: nimara.environment, cwd: nimara.folder });
}

/** As it was when production was lost: rows of the source, table by table, and nothing that came after the dump. */
export async function expectRowsOf(
  backup: OldBackup,
  { nimara, logFolder }: { readonly nimara: PortNimara; readonly logFolder: string },
): Promise<void> {
  const record = await readRecord(logFolder);
  const started = record.steps.find((step) => step.kind === 'start-services')?.attempts[0]?.startedAt ?? '';
  expect(await countRows(nimara.databaseUrl, new Date(started))).toEqual(backup.rows);
}

export async function expectObjectsBack(nimara: PortNimara, count = objectCount): Promise<void> {
  const expected = await nimara.backups.digests('minio/');
  const all = [...(await nimara.live.digests())];
  const isKept = (key: string) => /^\.thaw-(before|undone)-/.test(key);
  // The one that differed was kept before it was overwritten.
  expect(all.filter(([key]) => key.startsWith('.thaw-before-')).length).toBeGreaterThan(0);
  const found = new Map(all.filter(([key]) => !isKept(key)));
  expect(expected.size).toBe(count);
  expect(found.has('receipts/after-the-backup.pdf')).toBe(true);
  found.delete('receipts/after-the-backup.pdf');
  expect(found).toEqual(expected);
}

export async function expectNoSecret(
  end: ThawEnd,
  { nimara, logFolder }: { readonly nimara: PortNimara; readonly logFolder: string },
): Promise<void> {
  expect(nimara.secrets.filter((secret) => end.text.includes(secret))).toEqual([]);
  expect(await filesHolding(logFolder, [...nimara.secrets, 'CANARY'])).toEqual([]);
}

export async function keptDatabase(logFolder: string): Promise<{ readonly kept: string }> {
  for (const entry of await readEntries(logFolder)) {
    if (entry.kind === 'fact-recorded' && entry.name === 'swapped') return entry.value as { kept: string };
  }
  throw new Error(`Run ${await newestRun(logFolder)} swapped nothing.`);
}

/** Nobody may connect to it while it is kept, so its door is opened for one look. */
export async function newestRowOfOldDatabase(nimara: PortNimara, logFolder: string): Promise<string> {
  const { kept } = await keptDatabase(logFolder);
  const { url } = nimara.production;
  const allow = (isAllowed: boolean) =>
    readValue(url, `alter database ${kept} allow_connections ${isAllowed}`);
  await allow(true);
  const newest = await readValue(
    url.replace(/postgres$/, kept),
    'select max(created_at) as value from clients',
  );
  await allow(false);
  return newest;
}
