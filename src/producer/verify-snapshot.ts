import { shorten } from '../backups/compare-inventories.ts';
import type { Manifest } from '../backups/manifest.ts';
import { judgeTimes } from '../backups/moments.ts';
import type { Snapshot } from '../backups/snapshot.ts';
import { formatCount } from '../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../base/verdict.ts';
import { archiveFileFact } from '../kinds/dump-facts.ts';
import { needFact } from '../kinds/fact.ts';
import { manifestFact, snapshotFact } from '../kinds/facts.ts';
import type { AnyStepContext } from '../kinds/kind.ts';
import { readSigned, sayAuthor } from '../operations/authors.ts';
import { openSnapshot, sayOpened } from '../operations/open-snapshot.ts';
import { backupStore, blocker, digestOf, listAll, targetTools } from '../operations/open-targets.ts';
import { proveMirror } from '../operations/prove-mirror.ts';
import { decryptDump } from '../steps/decrypt/decrypt.ts';
import { decryptKind } from '../steps/decrypt/kind.ts';
import { fetchDump } from '../steps/fetch/fetch.ts';
import { fetchKind } from '../steps/fetch/kind.ts';
import { restoreDatabaseKind } from '../steps/restore-database/kind.ts';
import { proveRestored } from '../steps/restore-database/prove-restored.ts';
import { restoreDatabase } from '../steps/restore-database/restore-database.ts';

type VerifyRequest = {
  readonly snapshot: Snapshot;
  /** Its own, with nothing recorded yet. */
  readonly context: AnyStepContext;
  /** A backup began after this one. */
  readonly laterSnapshots: boolean;
  /** Into a throwaway database of the drill's server, with a comparison of every count. */
  readonly restore: boolean;
};

/**
 * Everything that can be known of one snapshot without touching production. Goes on after a finding as far as it makes sense, so
 * that one look names all that is wrong.
 */
export async function verifySnapshot(request: VerifyRequest): Promise<readonly Check[]> {
  const { snapshot, context, laterSnapshots, restore } = request;
  if (snapshot.incomplete !== undefined) {
    return [
      failed(
        `${snapshot.id} is incomplete: ${snapshot.incomplete}`,
        'Take a new backup, and find out what ended this one.',
      ),
    ];
  }
  if (snapshot.cold !== undefined) {
    return [
      couldNotVerify(
        `${snapshot.id} is ${snapshot.cold}`,
        'Ask the store for it (aws s3api restore-object), and verify it when it is there.',
      ),
    ];
  }
  const signed = await readSigned(context, snapshot);
  if (!signed.ok) return [blocker(signed.failure)];
  const { manifest, author } = signed.value;
  const checks: Check[] = [
    manifest === undefined
      ? {
          ...couldNotVerify(
            `${snapshot.id} has no manifest: what the producer counted is not known`,
            'Take backups with `thaw backup`, which writes it down.',
          ),
          against: 'manifest',
        }
      : passed(`${snapshot.id} has a manifest of ${manifest.tables.length} tables`),
  ];
  checks.push(sayAuthor(author, snapshot));
  await context.record(snapshotFact, { ...withoutReason(snapshot), loss: '' });
  await context.record(manifestFact, manifest ?? null);
  if (manifest !== undefined) checks.push(...(await verifyParts(context, manifest)));
  checks.push(...(await verifyMirror(context, { manifest, laterSnapshots })));
  const opened = await openSnapshot(context, snapshot);
  checks.push(opened.ok ? passed(sayOpened(snapshot.id, opened.value)) : blocker(opened.failure));
  const createdAtLocal = opened.ok ? opened.value.createdAtLocal : undefined;
  checks.push(...judgeTimes({ snapshot, manifest, createdAtLocal }));
  if (!opened.ok && opened.failure.code === 'wrong-key') return checks;
  const unpacked = await verifyDump(context);
  checks.push(...unpacked.checks);
  if (!unpacked.whole) return checks;
  if (manifest !== undefined) checks.push(...(await verifyContents(context, manifest)));
  if (restore) checks.push(...(await restoreForProof(context)));
  return checks;
}

function withoutReason({ incomplete: _, ...snapshot }: Snapshot) {
  return snapshot;
}

/** Digest of every part beside the dump. */
async function verifyParts(context: AnyStepContext, manifest: Manifest): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const parts = manifest.parts ?? [];
  for (const part of parts) {
    const digest = await digestOf(backupStore(context), part.key);
    if (!digest.ok) checks.push(blocker(digest.failure));
    else if (digest.value !== part.sha256) {
      checks.push(
        failed(
          `${part.key} is not what the manifest speaks of: its SHA-256 differs`,
          'Choose another snapshot.',
        ),
      );
    }
  }
  if (parts.length > 0 && checks.length === 0)
    checks.push(passed(`${parts.map(({ name }) => name).join(' and ')} have the SHA-256 of the manifest`));
  return checks;
}

async function verifyMirror(
  context: AnyStepContext,
  known: { readonly manifest: Manifest | undefined; readonly laterSnapshots: boolean },
): Promise<readonly Check[]> {
  const prefix = context.targets.backups.objectsPrefix;
  if (prefix === undefined || known.manifest?.objects === undefined) return [];
  const store = backupStore(context);
  const mirror = await listAll(store, prefix, context.signal);
  if (!mirror.ok) return [blocker(mirror.failure)];
  const proved = await proveMirror({
    store,
    prefix,
    mirror: mirror.value,
    manifest: known.manifest,
    hasLater: async () => known.laterSnapshots,
    compared: false,
  });
  return proved.ok ? proved.value : [blocker(proved.failure)];
}

/** The steps that fetch and unpack, as a restore walks them: digest, decryption, compression, header, table of contents. */
async function verifyDump(
  context: AnyStepContext,
): Promise<{ readonly checks: readonly Check[]; readonly whole: boolean }> {
  const checks: Check[] = [];
  const fetchStep = fetchKind.schema.parse({ kind: 'fetch' });
  const decryptStep = decryptKind.schema.parse({ kind: 'decrypt' });
  const works = [
    { run: () => fetchDump.run(fetchStep, context), verify: () => fetchDump.verify(fetchStep, context) },
    {
      run: () => decryptDump.run(decryptStep, context),
      verify: () => decryptDump.verify(decryptStep, context),
    },
  ];
  for (const { run, verify } of works) {
    const done = await run();
    const looked = done.ok ? await verify() : done;
    if (!looked.ok) return { checks: [...checks, blocker(looked.failure)], whole: false };
    checks.push(...looked.value);
  }
  return { checks, whole: true };
}

/** Every schema and table that was counted is in the archive: found without restoring a row. */
async function verifyContents(context: AnyStepContext, manifest: Manifest): Promise<readonly Check[]> {
  const contents = await targetTools(context).contents(needFact(archiveFileFact, context).path);
  if (!contents.ok) return [blocker(contents.failure)];
  const data = contents.value.entries.filter(({ type }) => type === 'TABLE DATA');
  const there = new Set(data.map(({ schema = 'public', name }) => `${schema}.${name}`));
  const leftOut = new Set(manifest.leftOut ?? []);
  const counted = manifest.tables.map(({ schema, name }) => `${schema}.${name}`);
  const missing = counted.filter((table) => !there.has(table) && !leftOut.has(table));
  if (missing.length === 0)
    return [
      passed(`all ${formatCount(counted.length - leftOut.size)} tables that were counted are in the dump`),
    ];
  const schemas = [...new Set(manifest.tables.map(({ schema }) => schema))].filter(
    (schema) => !data.some((entry) => entry.schema === schema),
  );
  const lost = schemas.length === 0 ? '' : `; nothing at all of schema ${schemas.join(', ')}`;
  return [
    failed(
      `${formatCount(missing.length)} tables that were counted are not in the dump: ${shorten(missing)}${lost}`,
      'Find out what leaves them out of the dump, and take a new backup.',
    ),
  ];
}

/** Into a database of its own on the drill's server, every count against the manifest, and away with it. */
async function restoreForProof(context: AnyStepContext): Promise<readonly Check[]> {
  const step = restoreDatabaseKind.schema.parse({ kind: 'restore-database' });
  // The drill's server must be shown not to be production before anything is made on it.
  const blocked = await restoreDatabase.check(step, { ...context, wantedSnapshot: undefined });
  const bad = blocked.filter((check) => check.verdict === 'failed');
  if (bad.length > 0) return bad;
  try {
    const restored = await restoreDatabase.run(step, context);
    return restored.ok ? proveRestored(context) : [blocker(restored.failure)];
  } finally {
    const left = (await restoreDatabase.cleanUp?.(step, context)) ?? [];
    for (const check of left) context.output(check.text);
  }
}

/** For callers that ask about several: which of them others came after. */
export function hasLater(snapshot: Snapshot, all: readonly Snapshot[]): boolean {
  return all.some(({ takenAtMs }) => takenAtMs > snapshot.takenAtMs);
}
