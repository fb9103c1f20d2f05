import { unwrappedKey } from './wrapping.ts';

/** What the producer puts beside a dump. None of these fits a layout for dumps, so old listings stay as they were. */
const endings = {
  /** Written first: without a manifest it says that a backup began and never ended. */
  started: '.started.json',
  globals: '.globals.sql',
  objects: '.objects.jsonl.gz',
  /** Written last. */
  manifest: '.manifest.json',
  /** Over the exact bytes of the manifest; written before it, so that no manifest waits for its signature. */
  signature: '.manifest.json.sig',
  /** Written before a dump is removed that has files elsewhere: when it is gone, it tells whose they were. */
  removing: '.removing.json',
} as const;

export type ArtifactKind = keyof typeof endings;

/** pg/h/2026-04-28/14.dump.gz.gpg -> pg/h/2026-04-28/14.dump.manifest.json */
export function artifactKey(dumpKey: string, artifact: ArtifactKind): string {
  return `${unwrappedKey(dumpKey)}${endings[artifact]}`;
}

/** pg/h/2026-04-28/14.dump.globals.sql.gz.gpg -> pg/h/2026-04-28/14.dump, globals; undefined for what is no artifact. */
export function artifactOf(
  key: string,
): { readonly base: string; readonly artifact: ArtifactKind } | undefined {
  const unwrapped = unwrappedKey(key);
  for (const [artifact, ending] of Object.entries(endings) as [ArtifactKind, string][]) {
    const whole = [key, unwrapped].find((one) => one.endsWith(ending));
    if (whole !== undefined) return { base: whole.slice(0, -ending.length), artifact };
  }
  return undefined;
}

export function isArtifactKey(key: string): boolean {
  return artifactOf(key) !== undefined;
}
