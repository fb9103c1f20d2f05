import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/journal/entry.ts';
import { type DrillRecord, recordJsonSchema, recordSchema } from '../../src/record/record-schema.ts';
import { toHtml } from '../../src/record/to-html.ts';
import { toMarkdown } from '../../src/record/to-markdown.ts';
import { sampleEntries, sampleStart } from '../journal/sample-journal.ts';
import { fullRun, readSchema, recordOf, tabletopRun } from './sample-run.ts';

/** Every place of a record that says it is not recorded, with the reason. */
function missing(value: unknown, path = ''): readonly string[] {
  if (value === null || typeof value !== 'object') return [];
  if ('notRecorded' in value) return [`${path}: ${String(value.notRecorded)}`];
  return Object.entries(value).flatMap(([key, item]) => missing(item, `${path}.${key}`));
}

const runs: readonly (readonly [string, DrillRecord])[] = [
  ['with everything', recordOf(fullRun)],
  ['of a tabletop', recordOf(tabletopRun)],
  ['of a run that has only begun', recordOf([sampleStart])],
  ['of a run cut short', recordOf(sampleEntries)],
];

describe('the fields of a record', () => {
  it.each(runs)('are all there %s, or marked as not recorded with a reason', (_name, record) => {
    expect(recordSchema.parse(record)).toEqual(record);
    for (const place of missing(record)) expect(place).toMatch(/: \S+ \S+/);
    expect(JSON.stringify(record)).not.toContain('undefined');
  });

  it('are what the published schema says', () => {
    expect(readSchema()).toEqual(JSON.parse(JSON.stringify(recordJsonSchema())));
  });

  it('lack, where everything was said, only what nobody can know here', () => {
    expect(missing(recordOf(fullRun)).map((place) => place.split(':')[0])).toEqual([
      '.clock',
      '.marks.6.at',
      '.rpo.dataSets.2.at',
      '.rpo.dataSets.2.lossMs',
      '.recoveryPoint.signature',
      '.recoveryPoint.envFile',
      '.deviations.0.runbookChange',
      '.steps.0.usually',
      '.steps.0.pace',
      '.steps.1.output',
      '.steps.1.usually',
      '.steps.1.pace',
      '.steps.2.output',
      '.steps.2.usually',
      '.steps.2.pace',
      ...[0, 1, 2].flatMap((row) =>
        ['expected', 'actual', 'command'].map((name) => `.verification.${row}.${name}`),
      ),
      '.screenshots',
      '.signOff.commander',
      '.signOff.witness',
      '.signOff.approver',
    ]);
  });

  it('say in the title what kind of exercise it was', () => {
    expect(recordOf(fullRun)).toMatchObject({ title: 'Live restore: CRM', exerciseKind: 'live' });
    expect(recordOf(tabletopRun)).toMatchObject({
      title: 'Tabletop exercise (nothing executed): CRM',
      exerciseKind: 'discussion',
    });
  });

  it('keep the names of roles, and say where one person holds two that should be apart', () => {
    const { people } = recordOf(fullRun);
    expect(people).toMatchObject({ witness: { value: 'the witness' }, absent: { value: ['the expert'] } });
    expect(people.remarks).toEqual([
      'The plan and the result were approved by the same person: the approver.',
    ]);
  });
});

describe('the recovery point of a record', () => {
  const sha256 = 'd'.repeat(64);

  it('says what was opened, with what, and against what it was held', () => {
    const record = recordOf(fullRun);
    expect(record.recoveryPoint).toMatchObject({
      dump: { value: { format: 'custom', serverVersion: '15.17', reader: { version: '15.18' } } },
      checksum: { value: { sha256, compared: { value: { result: 'equal', by: 'manifest' } } } },
      encryption: {
        value: {
          layers: ['openpgp', 'gzip'],
          openedWith: { value: 'gpg 2.2' },
          recipients: { value: ['ABCD'] },
        },
      },
      keyAtHand: { value: { kind: 'key', keyIds: ['ABCD'] } },
      secretFingerprints: {
        value: [{ name: 'ENCRYPTION_KEY', found: '1234', expected: '1234', result: 'equal' }],
      },
    });
    const lines = toMarkdown(record).split('\n');
    expect(lines).toContain(
      '| Dump | custom archive 1.14 of pg_dump 15.18, from PostgreSQL 15.17; read by pg_restore 15.18 |',
    );
    expect(lines).toContain(`| Checksum | SHA-256 ${sha256}; SHA-256 equals the manifest |`);
    expect(lines).toContain('| Encryption | openpgp, then gzip; encrypted for ABCD; opened with gpg 2.2 |');
    expect(lines).toContain('| Key at hand | ABCD backups |');
    expect(lines).toContain('| Fingerprints of secrets | ENCRYPTION_KEY 1234, as expected |');
  });

  it('tells a digest and a fingerprint that differ from those that nobody could compare', () => {
    const changed = fullRun.map((entry): Entry => {
      if (entry.kind !== 'fact-recorded') return entry;
      if (entry.name === 'dump-digest') return { ...entry, value: null };
      if (!entry.name.startsWith('secret-fingerprints:')) return entry;
      const value = [
        { name: 'A', found: '1', expected: '2' },
        { name: 'B', found: '1' },
        { name: 'C', expected: '2' },
      ];
      return { ...entry, value };
    });
    const { recoveryPoint } = recordOf(changed);
    expect(recoveryPoint?.checksum).toEqual({
      value: { sha256, compared: { notRecorded: 'there was none to compare it with' } },
    });
    expect(recoveryPoint?.secretFingerprints).toMatchObject({
      value: [{ result: 'differs' }, { result: 'not-compared' }, { result: 'not-compared' }],
    });
    expect(toMarkdown(recordOf(changed))).toContain(
      '| **A 1, instead of 2; B 1, compared with nothing; C is missing** |',
    );
  });

  it('knows nothing of the dump of a choice that was given up', () => {
    const choice = fullRun.find((entry) => entry.kind === 'fact-recorded' && entry.name === 'snapshot');
    const { recoveryPoint } = recordOf([...fullRun, ...(choice === undefined ? [] : [choice])]);
    expect(recoveryPoint).toMatchObject({
      dump: { notRecorded: 'the dump was never opened' },
      checksum: { notRecorded: 'the dump was not fetched' },
      encryption: { value: { openedWith: { notRecorded: 'the dump was not unpacked' } } },
      objects: { notRecorded: 'no objects were mirrored' },
      keyAtHand: { value: { kind: 'key' } },
    });
  });
});

describe('the clock of a record', () => {
  it('splits the RTO into parts that add up, and shows the waiting inside them', () => {
    const { rto, marks } = recordOf(fullRun);
    const { detect, decide, execute, verify } = rto.phases;
    const parts = [detect, decide, execute, verify].map((part) => ('value' in part ? part.value : 0));
    expect(parts[0]).toBe(180_000);
    expect(parts.reduce((sum, part) => sum + part, 0)).toBe(rto.actualMs);
    expect(rto).toMatchObject({ met: true, countsFrom: 'the disruption', waitedForOperatorMs: 2000 });
    expect(marks.map(({ name }) => name)).toEqual([
      ...[
        'disruption',
        'detected',
        'declared',
        'run-started',
        'restore-started',
        'data-restored',
        'service-up',
      ],
      ...['verified', 'recovery-declared'],
    ]);
  });

  it('counts the oldest set of data as what was lost', () => {
    const { rpo } = recordOf(fullRun);
    expect(rpo).toMatchObject({ actualMs: 45 * 60_000, met: true });
    expect(rpo.dataSets.map(({ name }) => name)).toEqual(['database', 'objects', '.env']);
  });

  it('measures nothing at a table', () => {
    const { rto, rpo, result, decisions } = recordOf(tabletopRun);
    expect(rto.actualMs).toBeUndefined();
    expect(rpo.actualMs).toBeUndefined();
    expect(missing(rto.phases)).toHaveLength(4);
    expect(result).toMatchObject({ restoreStatus: 'not-attempted', validationStatus: 'not-attempted' });
    expect(decisions).toEqual([
      {
        stepId: 'fetch',
        inject: 'The key is on the dead host.',
        decision: 'gap',
        note: 'nobody has a copy',
        tookMs: 1000,
        gap: true,
      },
      { stepId: 'fetch', decision: 'as-written', tookMs: 1000, gap: false },
    ]);
    expect(toMarkdown(recordOf(tabletopRun))).toContain('| RTO | 30:00 | not measured | - |');
  });

  it('shows of a table the commands that would have run, and none that ran', () => {
    const record = recordOf(tabletopRun);
    expect(record.steps[0]?.attempts[0]).toMatchObject({
      wouldRun: ['GET s3://b/k'],
      commands: [],
      programs: [],
    });
    expect(toMarkdown(record)).toContain('Would have done: Fetches.\n\n    $ GET s3://b/k');
  });
});

const asFailed = (entry: Entry): Entry =>
  entry.kind === 'run-finished' ? { ...entry, verdict: 'failed' } : entry;

describe('the judgement of a record', () => {
  it('judges what is measured, what a step shows, and what a person noted', () => {
    expect(recordOf(fullRun).criteria.map(({ text, verdict }) => `${text}: ${verdict}`)).toEqual([
      'The system is back within the RTO: PASS',
      'No more is lost than the RPO allows: PASS',
      'Everything that was restored was verified: PASS',
      'Nothing of the run is left behind: PASS',
      'The counts are right: PASS',
      'The audit log shows it: PARTIAL',
      'In time: PASS',
    ]);
  });

  it('tells a restore that is complete from one that could be validated', () => {
    expect(recordOf(fullRun).result).toMatchObject({
      restoreStatus: 'completed',
      validationStatus: 'successful',
    });
    const failing = fullRun.map(
      (entry): Entry =>
        entry.kind === 'step-finished' && entry.stepId === 'smoke-checklist'
          ? {
              kind: 'step-failed',
              stepId: 'smoke-checklist',
              attempt: 1,
              failure: { code: 'not-verified', message: 'No clients.', remedy: 'Look.', retry: 'after-fix' },
              checks: [{ verdict: 'failed', text: 'No clients', remedy: 'Look.' }],
            }
          : entry,
    );
    const record = recordOf(failing.map(asFailed));
    expect(record.result).toMatchObject({ restoreStatus: 'not-verified', validationStatus: 'failed' });
    // Nothing of it reads as if the system were back.
    expect(record.rto).toMatchObject({ met: false, notReached: { because: 'the run failed' } });
    expect(record.rto.actualMs).toBeUndefined();
    expect(record.rpo.met).toBeUndefined();
    expect(record.marks.find(({ name }) => name === 'verified')?.at).toEqual({
      notRecorded: 'the run failed',
    });
    const verdictOf = (text: string) => record.criteria.find((one) => one.text === text)?.verdict;
    expect(verdictOf('The system is back within the RTO')).toBe('FAIL');
    expect(verdictOf('In time')).toBe('FAIL');
    expect(verdictOf('No more is lost than the RPO allows')).toBe('NOT JUDGED');
    expect(toMarkdown(record)).toMatch(
      /\| RTO \| 30:00 \| \*\*not reached, .* spent: the run failed\*\* \| \*\*no\*\* \|/,
    );
    expect(toHtml(record)).not.toContain('<b class="good">');
  });

  it('does not call a run back that could not verify everything', () => {
    const record = recordOf(
      fullRun.map(
        (entry): Entry => (entry.kind === 'run-finished' ? { ...entry, verdict: 'could-not-verify' } : entry),
      ),
    );
    expect(record.rto).toMatchObject({
      met: false,
      notReached: { because: 'not everything could be verified' },
    });
    expect(record.result.restoreStatus).toBe('not-verified');
    expect(record.criteria.find(({ text }) => text === 'The system is back within the RTO')?.verdict).toBe(
      'PARTIAL',
    );
  });

  it('rests a criterion on the worst check of its step, and on what a person left out', () => {
    const judged = (change: (entry: Entry) => Entry) =>
      recordOf(fullRun.map(change)).criteria.find(({ text }) => text === 'The counts are right');
    const isCounts = (entry: Entry) => 'stepId' in entry && entry.stepId === 'restore-database';
    expect(
      judged((entry) =>
        entry.kind === 'step-finished' && isCounts(entry)
          ? { ...entry, checks: [...entry.checks, { verdict: 'skipped', text: 'a drill does not ask' }] }
          : entry,
      )?.verdict,
    ).toBe('PARTIAL');
    expect(
      judged((entry) =>
        entry.kind === 'step-finished' && isCounts(entry)
          ? { kind: 'step-skipped', stepId: 'restore-database', reason: 'no time', because: 'operator' }
          : entry,
      ),
    ).toMatchObject({ verdict: 'FAIL', because: 'step restore-database: left out by the operator' });
  });

  it('lists what went otherwise than written', () => {
    const skipped = fullRun.flatMap((entry): readonly Entry[] =>
      entry.kind === 'cleaned-up'
        ? [
            { kind: 'step-skipped', stepId: 'fetch', reason: 'it was there', because: 'operator' } as const,
            entry,
          ]
        : [entry],
    );
    expect(recordOf(skipped).deviations).toMatchObject([
      { stepId: 'fetch', what: 'left out', why: 'it was there' },
      { stepId: 'fetch', what: 'over the satellite link', approvedBy: { value: 'the commander' } },
    ]);
  });

  it('names what is next due, and who signed', () => {
    const { nextDue, signOff } = recordOf(fullRun);
    expect(nextDue).toEqual({ value: '2026-07-27' });
    expect(signOff.operator).toMatchObject({ value: { name: 'the operator', keyFingerprint: 'SHA256:abc' } });
    expect(signOff.witness).toHaveProperty('notRecorded');
  });
});
