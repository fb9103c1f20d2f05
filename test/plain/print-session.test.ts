import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/plain/clock.ts';
import { printSession } from '../../src/plain/print-session.ts';
import { createMemorySession } from '../ui/memory-session.ts';
import { questions, sampleSummary, sampleView } from '../ui/sample-views.ts';

type Hand = Clock & { pass(durationMs: number): void };

/** A clock that goes on by hand, and the view of the run with it. */
function createHandClock(session: ReturnType<typeof createMemorySession>): Hand {
  const ticks = new Set<() => void>();
  return {
    every(_intervalMs, tick) {
      ticks.add(tick);
      return () => ticks.delete(tick);
    },
    pass(durationMs) {
      for (let passed = 0; passed < durationMs; passed += 1000) {
        session.change((view) => ({ ...view, nowMs: view.nowMs + 1000 }));
        for (const tick of ticks) tick();
      }
    },
  };
}

function print(
  format: 'plain' | 'json',
  change: Parameters<typeof sampleView>[0] = {},
  heldWhileAsked = false,
) {
  const session = createMemorySession(sampleView(change));
  const clock = createHandClock(session);
  const written: string[] = [];
  const printing = printSession({
    session,
    write: (text) => written.push(text),
    format,
    clock,
    heldWhileAsked,
  });
  return { session, clock, printing, text: () => written.join(''), written };
}

describe('The plain output', () => {
  test('says the mode first and last', async () => {
    const { session, printing, text } = print('plain', { mode: 'drill' });
    session.change((view) => ({ ...view, phase: 'finished', summary: sampleSummary }));
    await printing.ended;
    const lines = text().trimEnd().split('\n');
    expect(lines[0]).toContain('DRILL: this run touches a throwaway copy only.');
    expect(lines.at(-1)).toContain('DRILL: this run touches a throwaway copy only.');
  });

  test('a silent step gives a sign of life after ten seconds, with its progress', () => {
    const { clock, written } = print('plain', { inHand: ['restore-database'] });
    written.length = 0;
    clock.pass(59_000);
    expect(written).toEqual([]);
    clock.pass(2_000);
    expect(written.join('')).toContain(
      'LIVE step 5 of 9, Restore PostgreSQL: still at work, 6:34, entries 128 of 201 · about 2:50 left',
    );
  });

  test('nothing is said about a step while its question waits for the operator', () => {
    const { clock, written } = print('plain', {
      question: { ...questions.attest, stepId: 'restore-database' },
    });
    written.length = 0;
    clock.pass(300_000);
    expect(written.join('')).not.toContain('Restore PostgreSQL');
  });

  describe('while somebody types an answer here', () => {
    function asked() {
      const printed = print('plain', { inHand: ['restore-database'] }, true);
      printed.session.change((view) => ({ ...view, question: questions['type-name'] }));
      printed.written.length = 0;
      const put = (count: number) =>
        printed.session.change((view) => {
          const detail = view.details['restore-database'];
          if (detail === undefined) throw new Error('no such step');
          const late = Array.from({ length: count }, (_, n) => ({ atMs: view.nowMs, text: `late ${n}.` }));
          return {
            ...view,
            details: {
              ...view.details,
              'restore-database': { ...detail, output: [...detail.output, ...late] },
            },
          };
        });
      return { ...printed, put };
    }

    test('output waits for the answer, and a note does not', () => {
      const { session, put, text } = asked();
      put(2);
      session.note('the mirror ends soon');
      expect(text()).toContain('the mirror ends soon');
      expect(text()).not.toContain('late');
      session.answer(questions['type-name'].id, { value: 'port_nimara_crm', by: 'operator' });
      expect(text()).toMatch(/late 0\.[\s\S]*late 1\.[\s\S]*port_nimara_crm/);
    });

    test('what is too much to be held is counted', () => {
      const { session, put, text } = asked();
      put(2005);
      session.answer(questions['type-name'].id, { value: 'port_nimara_crm', by: 'operator' });
      expect(text()).toContain('5 lines that steps printed while a question was open');
      expect(text()).not.toContain('late 4.');
      expect(text()).toContain('late 5.');
    });
  });

  test('nothing is printed after stop', () => {
    const { session, clock, printing, written } = print('plain');
    printing.stop();
    written.length = 0;
    session.note('too late');
    clock.pass(120_000);
    expect(written).toEqual([]);
  });
});

describe('The JSON lines', () => {
  test('are one object a line, the first with the version', () => {
    const { session, text } = print('json');
    session.note('pooler drained');
    const lines = text()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({
      type: 'thaw',
      version: 1,
      at: '2026-04-28T14:55:42.000Z',
      mode: 'live',
    });
    expect(text().startsWith('{"type":"thaw","version":1,')).toBe(true);
    expect(lines.at(-1)).toMatchObject({ type: 'note', text: 'pooler drained' });
  });
});
