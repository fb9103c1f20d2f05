import { readFileSync } from 'node:fs';
import type { Entry, EntryOf } from '../../src/journal/entry.ts';
import type { DrillRecord } from '../../src/record/record-schema.ts';
import { renderRecord } from '../../src/record/render-record.ts';
import { readBack, sampleStart, writeJournal } from '../journal/sample-journal.ts';

/** Entries are a second apart, from 14:48:00 on. */
export function recordOf(entries: readonly Entry[]): DrillRecord {
  const record = renderRecord(readBack(entries), writeJournal(entries).head.hash);
  if (record === undefined) throw new Error('These entries have no record');
  return record;
}

const at = (minute: number) => Date.UTC(2026, 3, 28, 14, minute);

export const fullStart: EntryOf<'run-started'> = {
  ...sampleStart,
  lostAtMs: at(40),
  steps: [
    { id: 'fetch', kind: 'fetch', title: 'Fetch' },
    { id: 'restore-database', kind: 'restore-database', title: 'Restore', fills: ['data'] },
    { id: 'smoke-checklist', kind: 'smoke-checklist', title: 'Smoke checklist', fills: ['proof'] },
  ],
  people: {
    ...{ commander: 'the commander', operator: 'the operator', witness: 'the witness' },
    ...{
      planApprover: 'the approver',
      resultApprover: 'the approver',
      observers: ['an observer'],
      absent: ['the expert'],
    },
  },
  exercise: {
    objectives: ['show that it comes back'],
    criteria: [
      { text: 'The counts are right', step: 'restore-database' },
      { text: 'The audit log shows it' },
      { text: 'In time', judgedBy: 'rto' },
    ],
    scenario: 'The host is gone.',
    threat: 'ransomware',
    inScope: ['the database'],
    outOfScope: ['DNS'],
    assumptions: ['the vault is within reach'],
    absences: ['whoever set it up'],
    classification: 'internal',
    repeatMs: 90 * 86_400_000,
    injects: [],
  },
  marks: { lostAtGiven: true, detectedAtMs: at(43), declaredAtMs: at(45) },
  anchor: 'thaw-records/ in the backup store',
};

const step = (stepId: string, checks: EntryOf<'step-finished'>['checks']): readonly Entry[] => [
  { kind: 'step-started', stepId, attempt: 1, sentences: [`Does ${stepId}.`], commands: [`would ${stepId}`] },
  { kind: 'command-run', stepId, command: `do ${stepId}` },
  { kind: 'program-ended', stepId, command: `do ${stepId}`, exitCode: 0, durationMs: 40 },
  { kind: 'step-finished', stepId, attempt: 1, verdict: 'passed', checks },
];

const fact = (stepId: string, ...[name, value]: [string, EntryOf<'fact-recorded'>['value']]): Entry => ({
  kind: 'fact-recorded',
  stepId,
  name,
  value,
});

const query = { command: 'SELECT 1', expected: 'at least 1', actual: '7' };

/** One run with everything a run can have. */
export const fullRun: readonly Entry[] = [
  fullStart,
  {
    kind: 'preflight-finished',
    checks: [{ stepId: 'fetch', verdict: 'passed', text: 'a key is at hand' }],
  },
  fact('preflight', 'key-at-hand', { kind: 'key', keyIds: ['ABCD'], text: 'ABCD backups' }),
  fact('fetch', 'snapshot', {
    ...{ id: '2026-04-28/14', key: 'pg/h/14.dump.gz.gpg', takenAtMs: at(10), sizeBytes: 412_000_000 },
    ...{ layers: ['openpgp', 'gzip'], loss: 'as much as half an hour' },
  }),
  fact('fetch', 'opened-dump', {
    ...{ format: 'custom', archiveVersion: '1.14', dumpVersion: '15.18', serverVersion: '15.17' },
    reader: { program: 'pg_restore', version: '15.18' },
  }),
  fact('fetch', 'manifest', {
    ...{ thawManifest: 1, takenAt: '2026-04-28T14:10:00Z', host: 'h', tables: [] },
    dump: { key: 'pg/h/14.dump.gz.gpg', sizeBytes: 412_000_000, sha256: 'd'.repeat(64) },
    objects: { count: 3, sizeBytes: 9, listedAt: '2026-04-28T13:55:00Z' },
    encryption: { kind: 'openpgp', recipient: 'backups', keyIds: ['ABCD'] },
  }),
  fact('fetch', 'dump-file', {
    ...{ path: '/scratch/dump', sizeBytes: 412_000_000, how: 'ranged GET' },
    ...{ sha256: 'd'.repeat(64), md5: 'e'.repeat(32) },
  }),
  fact('fetch', 'dump-digest', {
    ...{ algorithm: 'SHA-256', by: 'manifest', found: 'd'.repeat(64), expected: 'd'.repeat(64) },
  }),
  fact('fetch', 'archive-file', {
    ...{ path: '/scratch/archive', sizeBytes: 4, sha256: 'f'.repeat(64), how: 'gpg 2.2' },
  }),
  ...step('fetch', [{ verdict: 'passed', text: 'SHA-256 equals the manifest' }]),
  ...step('restore-database', [
    { verdict: 'passed', text: '61 of 61 tables equal to the manifest' },
    { verdict: 'passed', text: 'the secrets are the right ones' },
  ]),
  fact('restore-database', 'secret-fingerprints:verify-secrets', [
    { name: 'ENCRYPTION_KEY', found: '1234', expected: '1234' },
  ]),
  fact('restore-database', 'mirrored', { prefix: '', total: 3, copied: 3, overwritten: 0, sizeBytes: 9 }),
  { kind: 'question-asked', stepId: 'smoke-checklist', questionId: 'smoke-checklist.look', title: 'Look' },
  {
    ...{ kind: 'question-answered', stepId: 'smoke-checklist', questionId: 'smoke-checklist.look' },
    ...{ value: 'passed', note: 'seen', by: 'operator' },
  } as Entry,
  ...step('smoke-checklist', [{ verdict: 'passed', text: 'Clients: 7', ...query }]),
  { kind: 'note-added', text: 'well: the runbook was right' },
  { kind: 'note-added', text: 'gap[high]: only one person knows the vault' },
  { kind: 'note-added', text: 'danger: the old host still answers' },
  { kind: 'note-added', text: 'feedback: too late in the day' },
  {
    kind: 'note-added',
    text: 'action: write down the vault @the-operator due:2026-05-30 p:high ticket:OPS-17',
  },
  { kind: 'note-added', text: 'deviation fetch: over the satellite link; approved by the commander' },
  { kind: 'note-added', text: 'criterion 2: partial, one line was missing' },
  { kind: 'cleaned-up', checks: [{ verdict: 'passed', text: 'decrypted files removed from this host' }] },
  { kind: 'question-asked', questionId: 'declare-recovery', title: 'Declared?' },
  { kind: 'question-answered', questionId: 'declare-recovery', value: 'yes', by: 'operator' },
  {
    kind: 'run-finished',
    verdict: 'passed',
    outputs: [{ name: 'fetch.log', sha256: 'a'.repeat(64) }],
  },
  {
    kind: 'signed-off',
    role: 'operator',
    signer: 'the operator',
    entries: 36,
    head: 'b'.repeat(64),
    keyFingerprint: 'SHA256:abc',
    signature: { name: '000036-operator.txt.sig', sha256: 'c'.repeat(64) },
  },
];

export const tabletopRun: readonly Entry[] = [
  {
    ...fullStart,
    mode: 'tabletop',
    exercise: {
      ...(fullStart.exercise ?? {
        objectives: [],
        criteria: [],
        inScope: [],
        outOfScope: [],
        assumptions: [],
        absences: [],
      }),
      injects: [{ before: 'fetch', text: 'The key is on the dead host.' }],
    },
  },
  { kind: 'step-started', stepId: 'fetch', attempt: 1, sentences: ['Fetches.'], commands: ['GET s3://b/k'] },
  {
    kind: 'question-asked',
    stepId: 'fetch',
    questionId: 'fetch.inject-1',
    title: 'The key is on the dead host.',
  },
  {
    ...{ kind: 'question-answered', stepId: 'fetch', questionId: 'fetch.inject-1' },
    ...{ value: 'gap', note: 'nobody has a copy', by: 'operator' },
  } as Entry,
  { kind: 'question-asked', stepId: 'fetch', questionId: 'fetch.decide', title: 'Fetch: as written?' },
  {
    kind: 'question-answered',
    stepId: 'fetch',
    questionId: 'fetch.decide',
    value: 'as-written',
    by: 'operator',
  },
  { kind: 'step-skipped', stepId: 'fetch', because: 'mode', reason: 'discussed, not executed; as written' },
  { kind: 'cleaned-up', checks: [] },
  { kind: 'run-finished', verdict: 'skipped', outputs: [] },
];

export const readSchema = () =>
  JSON.parse(readFileSync(new URL('../../schema/record.schema.json', import.meta.url), 'utf8'));
