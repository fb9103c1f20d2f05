import { describe, expect, it } from 'vitest';
import { readActions, readDeviationNotes, readFindings } from '../../src/record/read-notes.ts';

const noted = (...texts: readonly string[]) =>
  texts.map((text, index) => ({ at: `2026-04-28T14:0${index}:00.000Z`, text }));

describe('notes', () => {
  it('become findings by their first word, with a severity in brackets', () => {
    const findings = readFindings(
      noted(
        'well: it went',
        'GAP[high]: no copy of the key',
        'runbook: say where the vault is',
        'just a note',
      ),
    );
    expect(findings.wentWell.map(({ text }) => text)).toEqual(['it went']);
    expect(findings.gaps).toMatchObject([{ text: 'no copy of the key', severity: 'high' }]);
    expect(findings.runbookChanges).toHaveLength(1);
    expect(Object.values(findings).flat()).toHaveLength(3);
  });

  it('become action items with owner, date, priority and ticket, in any order', () => {
    expect(
      readActions(noted('action: p:high write it down due:2026-12-01 @grace ticket:OPS-1')),
    ).toMatchObject([
      {
        id: 'A1',
        text: 'write it down',
        owner: { value: 'grace' },
        due: { value: '2026-12-01' },
        priority: { value: 'high' },
        ticket: { value: 'OPS-1' },
        status: 'open',
      },
    ]);
  });

  it('say why an owner is missing, and leave an address in the text alone', () => {
    const [action] = readActions(noted('action: write to ops@example.com'));
    expect(action).toMatchObject({
      text: 'write to ops@example.com',
      owner: { notRecorded: 'the note names no @owner' },
    });
  });

  it('close an action item by its number', () => {
    const actions = readActions(noted('action: one', 'action: two', 'done A2'));
    expect(actions.map(({ status }) => status)).toEqual(['open', 'done']);
  });

  it('tell of a deviation, of which step, and who approved it', () => {
    expect(
      readDeviationNotes(noted('deviation fetch: by hand, approved by the commander', 'deviation: at night')),
    ).toEqual([
      { stepId: 'fetch', what: 'by hand', approver: 'the commander' },
      { stepId: 'run', what: 'at night', approver: undefined },
    ]);
  });
});
