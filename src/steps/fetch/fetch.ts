import type { Snapshot } from '../../backups/snapshot.ts';
import { succeed } from '../../base/failure.ts';
import { formatBytes } from '../../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { type DumpDigest, dumpDigestFact, dumpFileFact } from '../../kinds/dump-facts.ts';
import { needFact, readFact } from '../../kinds/fact.ts';
import { manifestFact, snapshotFact } from '../../kinds/facts.ts';
import type { CheckContext, StepContext } from '../../kinds/kind.ts';
import { implementKind } from '../../kinds/kind.ts';
import { findSnapshots, pickSnapshot, readManifest } from '../../operations/find-snapshots.ts';
import { backupStore, unanswered } from '../../operations/open-targets.ts';
import { readNotedDigest } from '../../operations/read-noted-digest.ts';
import { fetchKind } from './kind.ts';

/** No byte for that long on a part: it is asked for again. */
const stallMs = 30_000;

/** Ciphertext, the unpacked archive, and a little air, where nobody wrote down how large the archive is. */
const spaceFactor = 2.5;
const air = 1.05;

export const fetchDump = implementKind(fetchKind, {
  async preview(_step, context) {
    const snapshot = readFact(snapshotFact, context);
    const key = snapshot?.key ?? 'the chosen dump';
    const size = snapshot === undefined ? '' : `, ${formatBytes(snapshot.sizeBytes)},`;
    return {
      sentences: [`Fetches ${key}${size} to this host; parts already here are kept.`],
      commands: [`GET ${backupStore(context).address}/${snapshot?.key ?? context.targets.backups.layout}`],
    };
  },

  async check(_step, context) {
    const found = await findSnapshots(context);
    // The step that chooses reports what is wrong with the store; here only the space counts.
    if (!found.ok) return [];
    const picked = pickSnapshot(found.value, context.wantedSnapshot ?? 'latest');
    if (!picked.ok) return [];
    const free = await context.world.host.freeBytes(context.workFile('dump'));
    if (!free.ok) return [unanswered(free.failure)];
    const needBytes = await neededBytes(context, picked.value);
    if (free.value >= needBytes)
      return [passed(`${formatBytes(free.value)} free for the dump, about ${formatBytes(needBytes)} needed`)];
    return [
      failed(
        `Not enough space in ${context.workFile('')}: ${formatBytes(free.value)} free, about ${formatBytes(needBytes)} needed for ${picked.value.id}.`,
        'Free some space, or name a folder on a larger disk with --work-dir.',
      ),
    ];
  },

  async run(_step, context) {
    const snapshot = needFact(snapshotFact, context);
    const store = backupStore(context);
    const object = await store.describe(snapshot.key);
    if (!object.ok) return object;
    if (object.value === undefined) return { ok: false, failure: vanished(snapshot.key, store.address) };
    const path = context.workFile(fileName(snapshot.key));
    const downloaded = await context.world.host.download({
      from: store,
      object: object.value,
      toFile: path,
      stallMs,
      signal: context.signal,
      onProgress: (done) =>
        context.progress({ label: 'fetched', done, total: snapshot.sizeBytes, unit: 'bytes' }),
    });
    if (!downloaded.ok) return downloaded;
    const { sizeBytes, sha256, md5, resumedBytes } = downloaded.value;
    if (resumedBytes > 0)
      context.output(`${formatBytes(resumedBytes)} were here already from an earlier attempt`);
    context.output(`sha256 ${sha256}  ${snapshot.key}`);
    const noted = await readNotedDigest(context, snapshot.key);
    if (!noted.ok) return noted;
    await context.record(dumpFileFact, {
      ...{ path, sizeBytes, sha256, md5, how: 'ranged GET' },
      ...(noted.value === undefined ? {} : { noted: noted.value }),
    });
    return succeed({ kind: 'done' });
  },

  async verify(_step, context) {
    const snapshot = needFact(snapshotFact, context);
    const file = needFact(dumpFileFact, context);
    const digest = findDigest(context);
    await context.record(dumpDigestFact, digest ?? null);
    return succeed([sizeCheck(file.sizeBytes, snapshot.sizeBytes), digestCheck(digest)]);
  },
});

/** What somebody wrote down about the dump: the producer, else a script beside it, else the store. */
function findDigest(context: StepContext): DumpDigest | undefined {
  const { etag } = needFact(snapshotFact, context);
  const { sha256, md5, noted } = needFact(dumpFileFact, context);
  const manifest = readFact(manifestFact, context);
  if (manifest !== undefined)
    return { algorithm: 'SHA-256', found: sha256, expected: manifest.dump.sha256, by: 'manifest' };
  if (noted !== undefined)
    return { algorithm: 'SHA-256', found: sha256, expected: noted.sha256, by: 'noted', key: noted.key };
  if (etag === undefined || !/^[0-9a-f]{32}$/.test(etag)) return undefined;
  return { algorithm: 'MD5', found: md5, expected: etag, by: 'store' };
}

function digestCheck(digest: DumpDigest | undefined): Check {
  if (digest === undefined)
    return {
      ...couldNotVerify(
        'there is no digest to compare the dump with; decryption and unpacking must show whether it is whole',
        'A manifest of `thaw backup` has it, or a note beside the dump (backups.dumps.metadata); a damaged dump fails in the next step.',
      ),
      against: 'manifest',
    };
  const { algorithm, found, expected, by, key = '' } = digest;
  const other = { manifest: 'the manifest', noted: key, store: "the store's" }[by];
  return found === expected
    ? passed(`${algorithm} equals ${other}`)
    : failed(
        `${algorithm} differs from ${other}`,
        'Fetch it again; if it differs again, the stored dump is damaged: choose another snapshot.',
      );
}

function sizeCheck(found: number, expected: number): Check {
  return found === expected
    ? passed(`${formatBytes(found)} fetched, as long as the store says`)
    : failed(`${found} bytes fetched instead of ${expected}`, 'Fetch it again.');
}

function fileName(key: string): string {
  return key.replaceAll('/', '_');
}

function vanished(key: string, address: string) {
  return {
    code: 'not-found' as const,
    message: `${key} is no longer in ${address}.`,
    remedy: 'Choose another snapshot.',
    retry: 'after-fix' as const,
  };
}

/** A dump compresses to a tenth as often as to a half: only the producer knows. */
async function neededBytes(context: CheckContext<'host' | 'stores'>, snapshot: Snapshot): Promise<number> {
  const manifest = await readManifest(context, snapshot);
  const archiveBytes = manifest.ok ? manifest.value?.dump.unpackedBytes : undefined;
  return archiveBytes === undefined
    ? snapshot.sizeBytes * spaceFactor
    : (snapshot.sizeBytes + archiveBytes) * air;
}
