import type { EntryOf, JournalEntry } from '../journal/entry.ts';

export type WrittenEntry<K extends JournalEntry['kind']> = EntryOf<K> & {
  readonly seq: number;
  readonly at: string;
};

export function entriesOfKind<K extends JournalEntry['kind']>(
  entries: readonly JournalEntry[],
  kind: K,
): readonly WrittenEntry<K>[] {
  return entries.filter((entry): entry is WrittenEntry<K> => entry.kind === kind);
}

export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
