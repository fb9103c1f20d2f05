import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/journal/entry.ts';
import { applyEntry, foldJournal, type RunState } from '../../src/journal/run-state.ts';
import { readBack, sampleEntries, sampleStart } from './sample-journal.ts';

function fold(entries: readonly Entry[]): RunState {
  const state = foldJournal(readBack(entries));
  if (state === undefined) throw new Error('These entries have no state');
  return state;
}

const started: Entry = { kind: 'step-started', stepId: 'fetch', attempt: 1, sentences: [], commands: [] };
const failure = { code: 'stalled', message: 'No byte comes.', remedy: 'Retry.', retry: 'safe' } as const;

describe('the state of a run', () => {
  it('is the same for the same entries, folded at once or one by one', () => {
    const entries = readBack(sampleEntries);
    const [first, ...rest] = entries;
    const step = rest.reduce(applyEntry, foldJournal(first === undefined ? [] : [first]) as RunState);
    expect(step).toEqual(foldJournal(entries));
    expect(foldJournal(entries)).toEqual(foldJournal(entries));
  });

  it('is nothing for an empty journal', () => {
    expect(foldJournal([])).toBeUndefined();
  });

  it('never changes under whoever holds it', () => {
    const before = fold([sampleStart]);
    const copy = structuredClone({ ...before });
    applyEntry(before, { ...started, seq: 2, at: '2026-04-28T14:48:01.000Z' });
    expect(before).toEqual(copy);
  });

  it('follows a step from pending over started and failed to started again and finished', () => {
    const checks = [{ verdict: 'passed', text: 'whole' }] as const;
    const kinds = [
      started,
      { kind: 'step-failed', stepId: 'fetch', attempt: 1, failure, checks: [] },
      { ...started, attempt: 2 },
      { kind: 'step-finished', stepId: 'fetch', attempt: 2, verdict: 'passed', checks: [...checks] },
    ] satisfies Entry[];
    const states = kinds.map((_, index) =>
      fold([sampleStart, ...kinds.slice(0, index + 1)]).steps.get('fetch'),
    );
    expect(states.map((state) => `${state?.kind} ${state?.attempt}`)).toEqual([
      'started 1',
      'failed 1',
      'started 2',
      'finished 2',
    ]);
    expect(states[3]).toMatchObject({
      startedAtMs: Date.parse('2026-04-28T14:48:03Z'),
      endedAtMs: Date.parse('2026-04-28T14:48:04Z'),
    });
  });

  it('opens a step and everything after it again, and keeps count of the attempts', () => {
    const state = fold([sampleStart, started, { kind: 'steps-reopened', fromStepId: 'fetch' }]);
    expect(state.steps.get('fetch')).toEqual({ kind: 'pending', attempt: 1 });
    const later = fold([sampleStart, started, { kind: 'steps-reopened', fromStepId: 'restore' }]);
    expect(later.steps.get('fetch')?.kind).toBe('started');
  });

  it('keeps the last value of a fact, and null as one that was taken back', () => {
    const fact = (value: null | number): Entry => ({
      kind: 'fact-recorded',
      stepId: 'fetch',
      name: 'n',
      value,
    });
    expect(fold([sampleStart, fact(1), fact(2)]).facts.get('n')).toBe(2);
    expect(fold([sampleStart, fact(1), fact(null)]).facts.get('n')).toBeNull();
  });

  it('is not stopped any more once it was resumed, and ended once it is finished', () => {
    const stop: Entry = { kind: 'run-stopped', reason: 'lunch' };
    const resume: Entry = { kind: 'run-resumed', host: 'crm-01', user: 'operator', pid: 1, tornBytes: 0 };
    expect(fold([sampleStart, stop]).stopped).toBe('lunch');
    expect(fold([sampleStart, stop, resume]).stopped).toBeUndefined();
    const ended = fold([sampleStart, { kind: 'run-finished', verdict: 'passed', outputs: [] }]).ended;
    expect(ended).toMatchObject({ kind: 'finished', verdict: 'passed' });
  });
});
