import type { RunState } from '../journal/run-state.ts';
import type { DrillRecord } from './drill-record.ts';
import { isoTime } from './entries-of-kind.ts';
import { readRecordFact } from './record-facts.ts';
import { recorded, recordedList } from './recorded.ts';
import { whyNotBack } from './render-clock.ts';

type RecoveryPoint = NonNullable<DrillRecord['recoveryPoint']>;

export function renderRecoveryPoint(state: RunState): RecoveryPoint | undefined {
  const snapshot = readRecordFact(state, 'snapshot');
  if (snapshot === undefined) return undefined;
  const manifest = readRecordFact(state, 'manifest');
  const mirrored = readRecordFact(state, 'mirrored');
  const archive = readRecordFact(state, 'archive-file');
  return {
    snapshot: snapshot.id,
    key: snapshot.key,
    takenAt: isoTime(snapshot.takenAtMs),
    ageMs: Math.max(0, state.start.atMs - snapshot.takenAtMs),
    sizeBytes: snapshot.sizeBytes,
    opened: snapshot.header,
    checksum: checksum(state),
    encryption: recorded(
      snapshot.layers?.includes('openpgp') || snapshot.layers?.includes('age')
        ? `${snapshot.layers.join(', then ')}${archive === undefined ? '' : `; opened with ${archive.how}`}`
        : undefined,
      'the dump is not encrypted',
    ),
    keyFingerprint: recorded(
      checkTexts(state)
        .find((text) => text.startsWith('key at hand: '))
        ?.slice('key at hand: '.length) ?? manifest?.encryption?.keyIds.join(', '),
      'the preflight described no key',
    ),
    signature: { notRecorded: 'backups are not signed; encryption and digest are what is checked' },
    objects: recorded(
      mirrored === undefined ? undefined : { count: mirrored.total, sizeBytes: mirrored.sizeBytes },
      'no objects were mirrored',
    ),
    dumpFormat: recorded(
      /archive .*?PostgreSQL [^;]+/.exec(snapshot.header)?.[0],
      'the dump was never opened',
    ),
    envFile: recorded<string>(undefined, 'the .env comes from the vault, which is asked for no date'),
    secretFingerprints: recordedList(
      checkTexts(state).filter((text) => /has the (expected )?fingerprint /.test(text)),
      'no fingerprint of a secret was compared',
    ),
  };
}

function checksum(state: RunState): RecoveryPoint['checksum'] {
  const dump = readRecordFact(state, 'dump-file');
  const compared = checkTexts(state).find((text) => /^(SHA-256|MD5) (equals|differs)/.test(text));
  return recorded(
    dump === undefined
      ? undefined
      : `SHA-256 ${dump.sha256}; ${compared ?? 'there was none to compare it with'}`,
    'the dump was not fetched',
  );
}

function checkTexts(state: RunState): readonly string[] {
  const ended = [...state.steps.values()].flatMap((step) =>
    step.kind === 'finished' || step.kind === 'failed' ? step.checks : [],
  );
  return [...new Set([...ended, ...state.preflight].map(({ text }) => text))];
}

/** One recovery point for each set of data; the oldest one known decides what is lost. */
export function renderRpo(state: RunState): DrillRecord['rpo'] {
  const { objectives, runbook, lostAtMs, mode } = state.start;
  const snapshot = readRecordFact(state, 'snapshot');
  const listedAt = readRecordFact(state, 'manifest')?.objects?.listedAt;
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
