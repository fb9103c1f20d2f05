import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/base/secret.ts';
import { redactEntry } from '../../src/journal/redact-entry.ts';
import { sampleStart } from './sample-journal.ts';

describe('an entry on its way into the journal', () => {
  it('loses every secret in its texts', () => {
    const redact = createRedactor(['sesame']);
    const entry = redactEntry(
      {
        kind: 'step-failed',
        stepId: 'fetch',
        attempt: 1,
        failure: {
          code: 'denied',
          message: 'sesame is wrong',
          remedy: 'not sesame',
          retry: 'never',
          detail: 'at sesame',
        },
        checks: [{ verdict: 'failed', text: 'sesame', remedy: 'sesame' }],
      },
      redact,
    );
    expect(JSON.stringify(entry)).not.toContain('sesame');
    const answered = redactEntry(
      { kind: 'question-answered', questionId: 'q', value: 'sesame', by: 'operator' },
      redact,
    );
    expect(answered).toMatchObject({ value: '‹secret›' });
  });

  it('keeps what the run is found by, even when a password is one of its words', () => {
    const redact = createRedactor([
      'live',
      'crm-01',
      'fetch',
      'restore',
      'crm.yaml',
      'passed',
      'started',
      'postgres',
    ]);
    const start = redactEntry(sampleStart, redact);
    const { mode, runbook, host, runId, steps } = sampleStart;
    expect(start).toMatchObject({
      mode,
      runbook: { name: runbook.name, path: runbook.path },
      host: { name: host.name },
      runId,
    });
    expect(start).toMatchObject({
      workPath: sampleStart.workPath,
      steps: steps.map(({ id, kind }) => ({ id, kind })),
    });
    const finished = {
      kind: 'step-finished',
      stepId: 'fetch',
      attempt: 1,
      verdict: 'passed',
      checks: [],
    } as const;
    expect(redactEntry({ ...finished, checks: [] }, redact)).toEqual(finished);
  });

  it('keeps names inside facts, which steps read back, and masks sentences there', () => {
    const entry = redactEntry(
      {
        kind: 'fact-recorded',
        stepId: 'restore',
        name: 'restored',
        value: {
          database: 'crm__restore_a41f09',
          snapshotKey: 'pg/crm/14.dump',
          acceptedMessages: ['role crm: no'],
        },
      },
      createRedactor(['crm_', 'crm/', 'crm:', 'role']),
    );
    expect(entry).toMatchObject({
      value: {
        database: 'crm__restore_a41f09',
        snapshotKey: 'pg/crm/14.dump',
        acceptedMessages: ['‹secret› ‹secret› no'],
      },
    });
  });
});
