import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { parseJson } from '../base/parse-json.ts';
import { artifactKey } from './artifact-keys.ts';
import { catalogueFingerprint } from './catalogue.ts';
import { layerName } from './wrapping.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const part = z.object({ name: z.string(), key: z.string(), sizeBytes: z.int(), sha256 });

const link = z.object({ sequence: z.int().min(1), sha256 });

/** What a signature over the manifest states, beside everything else in it. */
const statement = z.object({
  /** The system whose backups these are: a runbook says whose it restores. */
  system: z.string(),
  runbook: z.string(),
  /** The manifest's own key in the store. */
  key: z.string(),
  /** One for each installation and database: its links are numbered without gaps. */
  chain: z.object({
    id: z.string(),
    sequence: z.int().min(1),
    /** SHA-256 of the manifest before; null at the beginning. */
    previous: sha256.nullable(),
    /** The last links before this one, newest first. */
    tail: z.array(link.extend({ key: z.string() })),
    /** What was removed since by the rules of retention, as far as this installation knows. */
    pruned: z.array(z.string()),
  }),
});

/**
 * What the producer wrote down about one snapshot, beside its dump: without it a restore can be carried out but not
 * proven. Stored as `<dump key without its wrapping>.manifest.json`, in the last moment of a backup, so a snapshot with a
 * manifest is a complete one. Fields that came later are optional: what an older producer wrote stays readable.
 */
export const manifestSchema = z.object({
  thawManifest: z.literal(1),
  /** The moment the dump shows: that of its exported snapshot, by the server's clock. */
  takenAt: z.iso.datetime(),
  host: z.string(),
  dump: z.object({
    key: z.string(),
    sizeBytes: z.int(),
    sha256,
    layers: z.array(layerName).optional(),
    /** The archive inside. */
    unpackedBytes: z.int().optional(),
    unpackedSha256: sha256.optional(),
    archiveVersion: z.string().optional(),
    /** Of the whole table of contents. */
    entries: z.int().optional(),
  }),
  /** Everything else that belongs to the snapshot: globals, the list of objects. */
  parts: z.array(part).optional(),
  tables: z.array(
    z.object({
      schema: z.string(),
      name: z.string(),
      rows: z.int(),
      newest: z.object({ column: z.string(), at: z.string().nullable() }).optional(),
    }),
  ),
  sequences: z
    .array(z.object({ schema: z.string(), name: z.string(), lastValue: z.string().nullable() }))
    .default([]),
  extensions: z.array(z.object({ name: z.string(), version: z.string() })).default([]),
  /** Tables that were counted and whose rows no dump holds: those of extensions, which bring them along. */
  leftOut: z.array(z.string()).optional(),
  /** What the database is made of beside its rows: objects, owners, grants, settings, definitions. */
  catalogue: catalogueFingerprint.optional(),
  /** Which columns were asked for the newest row. */
  newestColumns: z.array(z.string()).optional(),
  objects: z
    .object({
      count: z.int(),
      sizeBytes: z.int(),
      /** Over key, size and ETag of every object of the mirror, in byte order of the keys. */
      sha256: sha256.optional(),
      listedAt: z.iso.datetime().optional(),
    })
    .optional(),
  /** Fingerprints of named secrets, never the secrets. */
  fingerprints: z.record(z.string(), z.string()).default({}),
  encryption: z.object({ kind: layerName, recipient: z.string(), keyIds: z.array(z.string()) }).optional(),
  database: z
    .object({
      name: z.string(),
      sizeBytes: z.int(),
      systemIdentifier: z.string(),
      oid: z.int().optional(),
    })
    .optional(),
  versions: z.object({ server: z.string(), pgDump: z.string(), thaw: z.string() }).optional(),
  startedAt: z.iso.datetime().optional(),
  durationMs: z.int().optional(),
  /** Only of a manifest that is signed. */
  statement: statement.optional(),
  /** SHA-256 over everything else here: shows a change by hand. Not a signature; it keeps out slips, not an attacker. */
  digest: sha256.optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;

export function manifestKey(dumpKey: string): string {
  return artifactKey(dumpKey, 'manifest');
}

/** The bytes to store, its own digest included. */
export function writeManifest(manifest: Manifest): string {
  const { digest: _, ...content } = manifest;
  return `${JSON.stringify({ ...content, digest: manifestDigest(content) }, null, 2)}\n`;
}

/** Fails as `damaged` when it is no manifest, or not as the producer wrote it. */
export function readManifestText(text: string, from: string): Outcome<Manifest> {
  const raw = parseJson(text);
  const parsed = manifestSchema.safeParse(raw);
  if (!parsed.success) {
    const why = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    return fail(unusable(from, why));
  }
  const { digest, ...content } = raw as Record<string, unknown>;
  if (digest === undefined || digest === manifestDigest(content)) return succeed(parsed.data);
  return fail(unusable(from, 'it was changed after it was written: its own digest does not match'));
}

/** Independent of the order of keys and of white space, so that a copy through another tool stays the same. */
function manifestDigest(content: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(content)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

function unusable(from: string, why: string) {
  return {
    code: 'damaged',
    message: `The manifest ${from} cannot be used: ${why}.`,
    remedy: 'Choose another snapshot, or find out who changed the manifest.',
    retry: 'after-fix',
  } as const;
}
