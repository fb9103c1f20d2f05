import { redactDeep } from '../base/secret.ts';
import type { DrillRecord } from './record-schema.ts';
import { recordedValue } from './recorded.ts';

/**
 * A copy to hand out. Masked is whatever says where the system is and who looks after it; kept is whatever proves the walk. The
 * same thing gets the same stand-in everywhere, so that the copy can still be read. Digests stay: they are how the copy is
 * compared with the original, and `records verify` works on the original alone.
 */
const redactedKinds = [
  'names of people',
  'host names, system users and SSH origins',
  'addresses, URLs, buckets and folders',
  'IP addresses and e-mail addresses',
  'database names of the targets',
] as const;

const keptKinds = [
  'run id and name of the runbook',
  'times and durations',
  'verdicts, counts and sizes',
  'digests and fingerprints',
  'titles of steps',
  'free text of notes, except where it holds one of the above',
] as const;

export function redactRecord(record: DrillRecord): DrillRecord {
  const names = new Map<string, string>();
  const add = (kind: string, values: readonly (string | undefined)[]) => {
    for (const value of values) {
      if (value === undefined || value.trim().length < 2 || names.has(value)) continue;
      const number = [...names.values()].filter((known) => known.startsWith(`‹${kind} `)).length + 1;
      names.set(value, `‹${kind} ${number}›`);
    }
  };
  const { people, host, targets, runbook } = record;
  const signers = Object.values(record.signOff).map((field) => recordedValue(field)?.name);
  const { commander, operator, witness, planApprover, resultApprover } = people;
  add('person', [commander, operator, witness, planApprover, resultApprover].map(recordedValue));
  add('person', [
    ...(recordedValue(people.observers) ?? []),
    ...(recordedValue(people.absent) ?? []),
    ...signers,
  ]);
  add(
    'person',
    record.actions.map(({ owner }) => recordedValue(owner)),
  );
  add('host', [host.name]);
  const atWork = [host, ...record.resumed];
  add(
    'user',
    atWork.map(({ user }) => user),
  );
  add(
    'origin',
    atWork.map(({ sshFrom }) => sshFrom),
  );
  add('place', [...Object.values(targets), ...Object.values(targets).flatMap((text) => text.split(/ at /))]);
  add('place', [runbook.path]);
  const longestFirst = [...names].sort(([a], [b]) => b.length - a.length);
  const redact = (text: string) => maskPlaces(replaceNames(text, longestFirst));
  const masked = redactDeep(record, { redact, names: keptKeys });
  return {
    ...masked,
    identitySource: 'masked',
    redaction: { masked: [...redactedKinds], kept: [...keptKinds] },
  };
}

/** What a reader or a program looks things up by, and what proves the copy. */
const keptKeys: ReadonlySet<string> = new Set([
  ...['runId', 'id', 'stepId', 'kind', 'mode', 'verdict', 'outcome', 'head', 'sha256', 'fingerprint'],
  ...['at', 'askedAt', 'answeredAt', 'startedAt', 'endedAt', 'takenAt', 'lostAt'],
]);

/** Whole words only: a user called "db" must not tear words apart. */
function replaceNames(text: string, names: readonly (readonly [string, string])[]): string {
  return names.reduce((known, [value, standIn]) => {
    const escaped = value.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    return known.replace(new RegExp(`(?<![\\w-])${escaped}(?![\\w-])`, 'g'), standIn);
  }, text);
}

const places: readonly (readonly [RegExp, string])[] = [
  [/\b[\w.+-]+@[\w-]+(\.[\w-]+)+\b/g, '‹e-mail›'],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>|)]+/gi, '‹URL›'],
  [/(?<![\w.])\d{1,3}(\.\d{1,3}){3}(:\d+)?(?![\w.])/g, '‹address›'],
  [/(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}(?![\w:])/gi, '‹address›'],
  [/\blocalhost(:\d+)?\b/g, '‹address›'],
  [/(?<![\w›/.])\/(?:[\w.@-]+\/)+[\w.@-]+/g, '‹path›'],
];

function maskPlaces(text: string): string {
  // A time of day looks like nothing here; a full ISO time has colons and would look like an address.
  if (/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(text)) return text;
  return places.reduce((known, [expression, standIn]) => known.replace(expression, standIn), text);
}
