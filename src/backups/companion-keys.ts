import { unwrappedKey } from './layout.ts';

/** What the producer puts beside a dump. None of these fits a layout for dumps, so old listings stay as they were. */
const endings = {
  /** Written first: without a manifest it says that a backup began and never ended. */
  started: '.started.json',
  globals: '.globals.sql',
  objects: '.objects.jsonl.gz',
  /** Written last. */
  manifest: '.manifest.json',
} as const;

export type Companion = keyof typeof endings;

/** pg/h/2026-04-28/14.dump.gz.gpg -> pg/h/2026-04-28/14.dump.manifest.json */
export function companionKey(dumpKey: string, companion: Companion): string {
  return `${unwrappedKey(dumpKey)}${endings[companion]}`;
}

export function isCompanion(key: string): boolean {
  const unwrapped = unwrappedKey(key);
  return Object.values(endings).some((ending) => key.endsWith(ending) || unwrapped.endsWith(ending));
}

/** The dump's key without its wrapping, where the key is the mark of a beginning. */
export function startedDump(key: string): string | undefined {
  return key.endsWith(endings.started) ? key.slice(0, -endings.started.length) : undefined;
}
