import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalEntry } from '../../src/journal/entry.ts';
import { readJournal } from '../../src/journal/read-journal.ts';
import type { DrillRecord } from '../../src/record/record-schema.ts';

/** What a run left in its log folder. */

export async function runIds(logFolder: string): Promise<readonly string[]> {
  const names = await readdir(logFolder).catch(() => []);
  return names.filter((name) => /^\d{4}-/.test(name)).sort();
}

/** The id of the only run, or of the newest one. */
export async function newestRun(logFolder: string): Promise<string> {
  const id = (await runIds(logFolder)).at(-1);
  if (id === undefined) throw new Error(`There is no run in ${logFolder}.`);
  return id;
}

export async function readRecord(logFolder: string): Promise<DrillRecord> {
  return JSON.parse(await readFile(join(logFolder, await newestRun(logFolder), 'record.json'), 'utf8'));
}

/** The whole journal; throws when its chain does not hold. */
export async function readEntries(logFolder: string): Promise<readonly JournalEntry[]> {
  const path = join(logFolder, await newestRun(logFolder), 'journal.jsonl');
  const reading = readJournal(await readFile(path));
  if (!reading.ok) throw new Error(reading.failure.message);
  return reading.value.entries;
}

/** Every check of the last attempt of every step that was begun, as "step verdict: text". */
export function checksOf(record: DrillRecord): readonly string[] {
  return record.steps.flatMap((step) =>
    (step.attempts.at(-1)?.checks ?? []).map((check) => `${step.id} ${check.verdict}: ${check.text}`),
  );
}

/** Files below a folder that hold one of these texts, in any byte of content or name. */
export async function filesHolding(folder: string, texts: readonly string[]): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const bytes = entry.isFile() ? await readFile(path) : Buffer.alloc(0);
    for (const text of texts) if (path.includes(text) || bytes.includes(text)) found.push(`${path}: ${text}`);
  }
  return found;
}
