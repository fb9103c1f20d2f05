import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Question, TableRow } from '../../src/ports/operator.ts';
import { cellWidth } from '../../src/ui/cells.ts';
import { type Row, rowWidth } from '../../src/ui/row.ts';
import { tableRows } from '../../src/ui/table-rows.ts';

type RowQuestion = Extract<Question, { kind: 'choose-row' }>;

const columns = ['taken (UTC)', 'age', 'dump', 'enc', 'manifest', 'verified', ''];
const ranks = [0, 1, 3, 6, 5, 4, 2];

function question(cells: readonly (readonly string[])[], disabled: readonly number[] = []): RowQuestion {
  const rows = cells.map(
    (row, index): TableRow => ({
      value: `row-${index}`,
      label: `row-${index}`,
      marked: index === 0,
      cells: row,
      ...(disabled.includes(index)
        ? { disabledBecause: 'its backup began and never ended: there is no manifest' }
        : {}),
    }),
  );
  return {
    kind: 'choose-row',
    id: 'choose-snapshot',
    title: 'Choose a snapshot',
    body: [],
    columns,
    ranks,
    rows,
    about: {},
  };
}

function draw(asked: RowQuestion, width: number): readonly string[] {
  const rows = tableRows({ question: asked, filter: '', cursor: 'row-0', width, height: 40 });
  return rows.map((row: Row) => {
    expect(rowWidth(row)).toBeLessThanOrEqual(width);
    return row.map(({ text }) => text).join('');
  });
}

const usual = (time: string) => [
  time,
  '2 d 13 h',
  '1,021.4 MB',
  'OpenPGP',
  'yes',
  '2026-11-25',
  'incomplete',
];

describe('the table of snapshots', () => {
  /** Screens of 60, 80, 100, 120 and 200 columns, with the list of steps beside it and without. */
  it.each([30, 44, 50, 60, 66, 72, 80, 86, 100, 120, 160, 200])(
    'shows every time whole in %d cells',
    (width) => {
      const times = ['2026-11-26 06:14', '2026-11-26 05:14', '2026-10-31 23:59'];
      const drawn = draw(question(times.map(usual), [1]), width);
      expect(drawn[0]).toContain('taken (UTC)');
      for (const [index, time] of times.entries()) expect(drawn[index + 1]).toContain(time);
    },
  );

  it('drops whole columns, the least important first, and cuts no heading', () => {
    const drawn = (width: number) =>
      draw(question([usual('2026-11-26 06:14')]), width)[0]
        ?.trim()
        .split(/ {2,}/);
    expect(drawn(200)).toEqual(['taken (UTC)', 'age', 'dump', 'enc', 'manifest', 'verified']);
    expect(drawn(76)).toEqual(['taken (UTC)', 'age', 'dump', 'manifest', 'verified']);
    expect(drawn(66)).toEqual(['taken (UTC)', 'age', 'dump', 'verified']);
    expect(drawn(46)).toEqual(['taken (UTC)', 'age']);
    expect(drawn(24)).toEqual(['taken (UTC)']);
  });

  it('keeps what matters most whole, whatever stands beside it and however wide it is', () => {
    const text = fc.string({ maxLength: 40 });
    const row = fc.tuple(text, text, text, text, text, text);
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 36, max: 200 }),
        fc.array(fc.nat(5), { maxLength: 3 }),
        (others, width, disabled) => {
          const time = '2026-11-26 06:14';
          const asked = question(
            others.map((cells) => [time, ...cells.map((cell) => cell.replace(/[^ -~]|\s{2,}/g, 'x'))]),
            disabled,
          );
          const [heading = '', ...rows] = draw(asked, width);
          expect(heading).toContain('taken (UTC)');
          for (const word of heading.trim().split(/ {2,}/)) expect(columns).toContain(word);
          for (const line of rows) expect(line).toContain(time);
          expect(rows).toHaveLength(others.length);
          expect(cellWidth(heading)).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});
