/** The versions of PostgreSQL that are tried, from each to each: what is asked for here docs/versions.md has to show. */

/** 15 is that of Debian 12; the others come from scripts/fetch-postgres.sh. */
export const majors = [15, 16, 18] as const;

export const formats = ['custom', 'tar', 'directory', 'plain'] as const;
export type Format = (typeof formats)[number];

/** Major versions: of the server that was dumped, of pg_dump, of pg_restore or psql, and of the server it is restored into. */
export type Crossing = {
  readonly source: number;
  readonly dump: number;
  readonly restore: number;
  readonly target: number;
};

/** From each to each that is not older, by every pg_dump that dumps the source. An older pg_restore is among them: it has to be refused. */
export const crossings: readonly Crossing[] = majors.flatMap((source) =>
  notOlder(source).flatMap((dump) =>
    majors.flatMap((restore) => notOlder(source).map((target) => ({ source, dump, restore, target }))),
  ),
);

function notOlder(than: number): readonly number[] {
  return majors.filter((major) => major >= than);
}

/** pg_restore reads no archive of a newer pg_dump; psql runs its text. */
export function isRefused({ dump, restore }: Crossing, format: Format): boolean {
  return format !== 'plain' && restore < dump;
}

/**
 * The custom format at each crossing. How a tar or a directory is read depends on the pg_dump that wrote it and the pg_restore that reads
 * it, and not on the servers: each such pair once. A plain dump is run by psql of any version: of each at the source's own, and else
 * by those of both.
 */
export function isTried({ source, dump, restore, target }: Crossing, format: Format): boolean {
  if (format === 'custom') return true;
  if (format === 'plain') return source === dump || restore === dump || restore === source;
  return source === dump && target === Math.max(...majors);
}

/** Pairs of a newer and an older one. */
export const older: readonly { readonly newer: number; readonly older: number }[] = majors.flatMap((newer) =>
  majors.filter((major) => major < newer).map((major) => ({ newer, older: major })),
);

/** What came of one restore in one format. */
export type Cell = Crossing & {
  readonly format: Format;
  /** What is equal, or the words of the refusal. */
  readonly outcome: 'equal' | 'refused';
  readonly words: string;
};

/** What came of trying what cannot work at all. */
export type Refusal = {
  readonly what: 'a server older than the dump' | 'a `pg_dump` older than the server';
  readonly newer: number;
  readonly older: number;
  readonly words: string;
};

/** .thaw/results/versions.json */
export type Evidence = {
  /** What the programs of each major say of themselves, and whether that build has ICU. */
  readonly builds: readonly { readonly major: number; readonly version: string; readonly hasIcu: boolean }[];
  readonly cells: readonly Cell[];
  readonly refusals: readonly Refusal[];
};
