import type { JournalEntry } from '../journal/entry.ts';
import type { RunState } from '../journal/run-state.ts';
import {
  archiveFileFact,
  dumpDigestFact,
  dumpFileFact,
  keyAtHandFact,
  openedDumpFact,
} from '../kinds/dump-facts.ts';
import { readFactsLoosely, readLoosely, saysNone } from '../kinds/fact.ts';
import {
  authorFact,
  manifestFact,
  mirroredFact,
  secretFingerprintsFact,
  snapshotFact,
} from '../kinds/facts.ts';
import { isoTime } from './entries-of-kind.ts';
import type { DrillRecord } from './record-schema.ts';
import { recorded, recordedList } from './recorded.ts';
import { whyNotBack } from './render-clock.ts';

type RecoveryPoint = NonNullable<DrillRecord['recoveryPoint']>;
type Facts = RunState['facts'];

/** Which backup was used, and what is known of it. Everything here was recorded as a fact by the step that found it out. */
export function renderRecoveryPoint(
  entries: readonly JournalEntry[],
  state: RunState,
): RecoveryPoint | undefined {
  const snapshot = readLoosely(snapshotFact, state.facts);
  if (snapshot === undefined) return undefined;
  const facts = factsOfChoice(entries);
  const mirrored = readLoosely(mirroredFact, facts);
  return {
    snapshot: snapshot.id,
    key: snapshot.key,
    takenAt: isoTime(snapshot.takenAtMs),
    ageMs: Math.max(0, state.start.atMs - snapshot.takenAtMs),
    sizeBytes: snapshot.sizeBytes,
    dump: recorded(readLoosely(openedDumpFact, facts), 'the dump was never opened'),
    checksum: renderChecksum(facts),
    encryption: renderEncryption(snapshot.layers, facts),
    keyAtHand: renderKey(state.facts),
    signature: renderSignature(facts),
    objects: recorded(
      mirrored === undefined ? undefined : { count: mirrored.total, sizeBytes: mirrored.sizeBytes },
      'no objects were mirrored',
    ),
    envFile: recorded<string>(undefined, 'the .env comes from the vault, which is asked for no date'),
    secretFingerprints: recordedList(
      readFactsLoosely(secretFingerprintsFact, state.facts).flatMap(({ value }) =>
        value.map(renderFingerprint),
      ),
      'no fingerprint of a secret was compared',
    ),
  };
}

/** Who made the backup, as the step that chose it found out. */
function renderSignature(facts: Facts): RecoveryPoint['signature'] {
  const author = readLoosely(authorFact, facts);
  if (author === undefined) return { notRecorded: 'nobody looked who made the backup' };
  if (author.kind === 'unproven') {
    const taken = author.reason === undefined ? '' : `; taken all the same: ${author.reason}`;
    return { notRecorded: `${author.why}${author.pinned ? taken : '; the runbook pins no signers'}` };
  }
  const { fingerprint, link } = author;
  const pinned = author.kind === 'proven' ? 'a pinned signer' : 'whom the runbook does not pin';
  return {
    value: `signed by ${fingerprint}, ${pinned}: number ${link.sequence} of chain ${link.id}, manifest SHA-256 ${link.sha256}`,
  };
}

/** What was recorded since the snapshot was chosen last: of another one, given up before, nothing counts any more. */
function factsOfChoice(entries: readonly JournalEntry[]): Facts {
  const from = entries.findLastIndex(
    (entry) => entry.kind === 'fact-recorded' && entry.name === snapshotFact.name,
  );
  return new Map(
    entries
      .slice(from)
      .flatMap((entry) => (entry.kind === 'fact-recorded' ? [[entry.name, entry.value]] : [])),
  );
}

function renderChecksum(facts: Facts): RecoveryPoint['checksum'] {
  const dump = readLoosely(dumpFileFact, facts);
  if (dump === undefined) return { notRecorded: 'the dump was not fetched' };
  const digest = readLoosely(dumpDigestFact, facts);
  return {
    value: {
      sha256: dump.sha256,
      compared: recorded(
        digest === undefined ? undefined : { ...digest, result: compared(digest) },
        saysNone(dumpDigestFact, facts)
          ? 'there was none to compare it with'
          : 'the run did not come to the comparison',
      ),
    },
  };
}

function renderEncryption(layers: readonly string[], facts: Facts): RecoveryPoint['encryption'] {
  if (!layers.includes('openpgp') && !layers.includes('age'))
    return { notRecorded: 'the dump is not encrypted' };
  const recipients = readLoosely(manifestFact, facts)?.encryption?.keyIds;
  return {
    value: {
      layers: [...layers],
      openedWith: recorded(readLoosely(archiveFileFact, facts)?.how, 'the dump was not unpacked'),
      recipients: recordedList(recipients, 'no manifest says for which keys it was encrypted'),
    },
  };
}

function renderKey(facts: Facts): RecoveryPoint['keyAtHand'] {
  return recorded(
    readLoosely(keyAtHandFact, facts),
    saysNone(keyAtHandFact, facts) ? 'the snapshot needs no key' : 'the preflight described no key',
  );
}

type Pair = { readonly found?: string; readonly expected?: string };

/** The one comparison behind every digest and fingerprint of the record. */
function compared({ found, expected }: Pair): 'equal' | 'differs' | 'not-compared' {
  if (found === undefined || expected === undefined) return 'not-compared';
  return found === expected ? 'equal' : 'differs';
}

function renderFingerprint(secret: Pair & { readonly name: string }) {
  return { ...secret, result: compared(secret) };
}

/** One recovery point for each set of data; the oldest one known decides what is lost. */
export function renderRpo(state: RunState): DrillRecord['rpo'] {
  const { objectives, runbook, lostAtMs, mode } = state.start;
  const snapshot = readLoosely(snapshotFact, state.facts);
  const listedAt = readLoosely(manifestFact, state.facts)?.objects?.listedAt;
  const objectsAtMs = listedAt === undefined ? undefined : Date.parse(listedAt);
  const sets = [
    { name: 'database', atMs: snapshot?.takenAtMs, because: 'no snapshot was chosen' },
    {
      name: 'objects',
      atMs: objectsAtMs,
      because: 'the backup does not say when its objects were listed',
    },
    { name: '.env', atMs: undefined, because: 'the vault is asked for no date' },
  ];
  const known = mode === 'tabletop' ? [] : sets.flatMap(({ atMs }) => atMs ?? []);
  const lossMs = (atMs: number) => Math.max(0, lostAtMs - atMs);
  const actualMs = snapshot === undefined || known.length === 0 ? undefined : lossMs(Math.min(...known));
  return {
    targetMs: objectives.rpoMs,
    ...(actualMs === undefined ? {} : { actualMs }),
    // Too old is too old; young enough counts once what was restored is proven.
    ...(actualMs !== undefined && (actualMs > objectives.rpoMs || whyNotBack(state) === undefined)
      ? { met: actualMs <= objectives.rpoMs }
      : {}),
    source: `objectives of runbook ${runbook.name}, SHA-256 ${runbook.fingerprint}`,
    dataSets: sets.map(({ name, atMs, because }) => ({
      name,
      at: recorded(atMs === undefined ? undefined : isoTime(atMs), because),
      lossMs: recorded(atMs === undefined ? undefined : lossMs(atMs), because),
    })),
  };
}
