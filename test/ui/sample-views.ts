import type { Question } from '../../src/ports/operator.ts';
import type { OutputLine, StepDetail, StepRow, View } from '../../src/session/view.ts';

/** One walk, frozen at the moments that the screen has to show well. */
export const startMs = Date.UTC(2026, 3, 28, 14, 48, 0);
const nowMs = startMs + 462_000;

const titles = [
  ['stop-writers', 'Stop writers', 21],
  ['choose-snapshot', 'Choose snapshot', 34],
  ['fetch', 'Fetch', 62],
  ['decrypt', 'Decrypt', 11],
  ['restore-database', 'Restore PostgreSQL', 334],
  ['mirror-objects', 'Mirror objects', 334],
  ['verify-secrets', 'Verify secrets', 0],
  ['start-services', 'Start services', 0],
  ['smoke', 'Smoke checklist', 0],
] as const;

export function sampleSteps(): readonly StepRow[] {
  return titles.map(([id, title, seconds], index) => ({
    id,
    title,
    number: index + 1,
    status: index < 4 ? 'passed' : index < 6 ? 'running' : 'pending',
    attempt: index < 6 ? 1 : 0,
    ...(seconds > 0 ? { durationMs: seconds * 1000, startedAtMs: nowMs - seconds * 1000 } : {}),
  }));
}

export function sampleOutput(count: number): readonly OutputLine[] {
  return Array.from({ length: count }, (_, index) => ({
    atMs: nowMs - (count - index) * 1000,
    text: `data for public.table_${String(index + 1).padStart(3, '0')}`,
  }));
}

export function sampleDetail(id: string, change: Partial<StepDetail> = {}): StepDetail {
  return {
    id,
    sentences: [],
    commands: [],
    progress: [],
    output: [],
    outputPath: `restore-logs/run/${id}.log`,
    checks: [],
    ...change,
  };
}

const details: Readonly<Record<string, StepDetail>> = {
  'stop-writers': sampleDetail('stop-writers', {
    sentences: ['Stops every service that writes, and proves that nobody is connected.'],
    commands: ['docker compose --project-name crm stop web worker scheduler'],
    checks: [
      { verdict: 'passed', text: '3 of 3 services stopped' },
      {
        verdict: 'could-not-verify',
        text: 'Connections through the pooler cannot be seen from here',
        remedy: 'Look at the pooler itself.',
      },
      { verdict: 'passed', text: '0 sessions on port_nimara_crm' },
    ],
  }),
  'restore-database': sampleDetail('restore-database', {
    sentences: [
      'Restores the dump into port_nimara_crm__restore_0742, beside the database in use. The swap comes later and asks first.',
    ],
    commands: [
      'pg_restore --jobs 2 --no-owner --no-privileges --exit-on-error --dbname port_nimara_crm__restore_0742',
    ],
    progress: [{ label: 'entries', fraction: 128 / 201, text: '128 of 201 · about 2:50 left' }],
    output: sampleOutput(14),
  }),
  'mirror-objects': sampleDetail('mirror-objects', {
    sentences: ['Copies every object that is missing or differs.'],
    progress: [
      { label: 'objects', fraction: 3871 / 5004, text: '3,871 of 5,004' },
      { label: 'bytes', text: '286 MB', stalled: 'nothing has moved since 14:55:10' },
    ],
  }),
};

export function sampleView(change: Partial<View> = {}): View {
  return {
    mode: 'live',
    title: 'port-nimara-crm',
    runId: '2026-04-28T1448Z-port-nimara-crm-live',
    target: 'host crm-01 · postgres 10.0.0.5:5432 #7412…3391',
    phase: 'walking',
    startedAtMs: startMs,
    nowMs,
    rtoMs: 1_800_000,
    rpoMs: 3_600_000,
    lossMs: 2_460_000,
    steps: sampleSteps(),
    inHand: ['restore-database', 'mirror-objects'],
    details,
    checks: [],
    notes: [],
    summary: [],
    ...change,
  };
}

export const sampleChecks: View['checks'] = [
  { verdict: 'passed', text: 'Runbook port-nimara-crm is read and linted' },
  { verdict: 'passed', text: 'pg_restore 17.2 reads archives of pg_dump 17' },
  {
    verdict: 'failed',
    text: '/var/lib/thaw has 1.2 GB free and 3.4 GB are needed',
    remedy: 'Free 2.2 GB, or name another folder with --work-folder.',
  },
  { verdict: 'passed', text: 'postgres 10.0.0.5:5432 answers as 17.2, cluster #7412…3391' },
  {
    verdict: 'could-not-verify',
    text: 'The age of the newest snapshot: the bucket lists no manifest',
    remedy: 'Open the backup job and look when it last ran.',
  },
  { verdict: 'running', text: 's3://backups/pg' },
];

export const sampleSummary: readonly string[] = [
  'thaw  LIVE  port-nimara-crm   VERIFIED against the manifest   28:11 of 30:00 RTO, loss 41 min of 1 h',
  '9 of 9 steps · 61 tables, 5,004 objects, ENCRYPTION_KEY proven · 2 items attested',
  'could not verify: Documenso webhook (no receipt within 5 min)',
  'record  restore-logs/2026-04-28T1448Z-port-nimara-crm-live/record.md   head 4f1c…',
];

export const questions = {
  choose: {
    kind: 'choose',
    id: 'choose-key',
    stepId: 'decrypt',
    title: 'Which key opens the dump?',
    body: ['The dump is encrypted for two keys. Both are known here.'],
    choices: [
      { value: 'a', label: '0x9A41…77C2 on the smart card' },
      { value: 'b', label: '0x1B02…90DE in the keyring', disabledBecause: 'it expired on 2026-03-01' },
      { value: 'none', label: 'Go on without decrypting', needsReason: true },
    ],
    preferred: 'a',
  },
  'choose-row': {
    kind: 'choose-row',
    id: 'choose-snapshot',
    stepId: 'choose-snapshot',
    title: 'Which snapshot do you want to restore?',
    body: ['The newest complete one is marked.'],
    columns: ['taken (UTC)', 'age', 'dump', 'objects', 'enc', 'manifest', 'verified'],
    rows: [
      {
        value: '14',
        label: '2026-04-28 14:07',
        cells: ['2026-04-28 14:07', '41 min', '412 MB', '5,004', 'gpg', 'yes', 'drill 04-26'],
        marked: true,
      },
      {
        value: '13',
        label: '2026-04-28 13:07',
        cells: ['2026-04-28 13:07', '1 h 41', '411 MB', '5,003', 'gpg', 'yes', '-'],
      },
      {
        value: '12',
        label: '2026-04-28 12:07',
        cells: ['2026-04-28 12:07', '2 h 41', '411 MB', '5,001', 'gpg', 'no', '-'],
      },
      {
        value: '11',
        label: '2026-04-28 11:07',
        cells: ['2026-04-28 11:07', '3 h 41', '0 B', '-', 'gpg', '-', '-'],
        disabledBecause: 'incomplete',
      },
    ],
    preferred: '14',
    about: {
      '14': 'With 14:07 you lose what was written in the 41 minutes before the loss at 14:48.',
      '13': 'With 13:07 you lose what was written in the 1 h 41 before the loss at 14:48.',
      '12': 'With 12:07 you lose what was written in the 2 h 41 before the loss at 14:48.',
      '11': 'The dump has no bytes.',
    },
  },
  'type-name': {
    kind: 'type-name',
    id: 'restore-database.swap',
    stepId: 'restore-database',
    title: 'Do you want to swap the restored database into place?',
    body: ['The old database is kept: thaw rollback puts it back.'],
    name: 'port_nimara_crm',
    facts: [
      { label: 'goes out', value: 'port_nimara_crm, 1.5 GB, last write 06:12:44 UTC' },
      { label: 'comes in', value: 'port_nimara_crm__restore_0742, 1.4 GB, newest row 05:06:58 UTC' },
      { label: 'checked', value: '61 of 61 tables equal to the manifest, 38 sequences, 4 extensions' },
      { label: 'kept as', value: 'port_nimara_crm__before_0742' },
    ],
    verb: 'swap',
  },
  confirm: {
    kind: 'confirm',
    id: 'start',
    title: 'Do you want to begin the walk?',
    body: ['Nine steps, the first one stops the writers. Nothing is changed before that.'],
    verb: 'begin',
  },
  attest: {
    kind: 'attest',
    id: 'smoke.login',
    stepId: 'smoke',
    title: 'Does a person who knows the system see last week’s reservations?',
    body: ['Log in as a member of staff, open Reservations, and look at the week before.'],
  },
  failure: {
    kind: 'failure',
    id: 'decrypt.failed',
    stepId: 'decrypt',
    title: 'Decrypt failed',
    body: [
      'Cannot decrypt 14.dump.gz.gpg: it is encrypted for key 0x9A41…77C2, and the key at hand is 0x1B02…90DE.',
      'Nothing was changed: writers are stopped, the database is untouched.',
    ],
    remedy: 'Bring the private key 0x9A41…77C2 and retry.',
    lastLines: ['gpg: encrypted with rsa4096 key, ID 9A4177C2', 'gpg: decryption failed: No secret key'],
    choices: [
      { value: 'retry', label: 'Retry the step' },
      { value: 'skip', label: 'Skip the step', needsReason: true },
      { value: 'stop', label: 'Stop here' },
    ],
  },
} satisfies { readonly [Kind in Question['kind']]: Extract<Question, { kind: Kind }> };
