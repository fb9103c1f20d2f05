import { unwrappedKey } from './layout.ts';

/** What the producer puts beside a dump. None of these fits a layout for dumps, so old listings stay as they were. */
const endings = {
  /** Written first: without a manifest it says that a backup began and never ended. */
  started: '.started.json',
  globals: '.globals.sql',
  objects: '.objects.jsonl.gz',
  /** Written last. */
  manifest: '.manifest.json',
  /** Written before a dump is removed that has files elsewhere: when it is gone, it tells whose they were. */
  removing: '.removing.json',
} as const;

export type Companion = keyof typeof endings;

/** pg/h/2026-04-28/14.dump.gz.gpg -> pg/h/2026-04-28/14.dump.manifest.json */
export function companionKey(dumpKey: string, companion: Companion): string {
  return `${unwrappedKey(dumpKey)}${endings[companion]}`;
}

/** pg/h/2026-04-28/14.dump.globals.sql.gz.gpg -> pg/h/2026-04-28/14.dump, globals; undefined for what is no companion. */
export function companionOf(
  key: string,
): { readonly base: string; readonly companion: Companion } | undefined {
  const unwrapped = unwrappedKey(key);
  for (const [companion, ending] of Object.entries(endings) as [Companion, string][]) {
    const whole = [key, unwrapped].find((one) => one.endsWith(ending));
    if (whole !== undefined) return { base: whole.slice(0, -ending.length), companion };
  }
  return undefined;
}

export function isCompanion(key: string): boolean {
  return companionOf(key) !== undefined;
}
