import { describe, expect, it } from 'vitest';
import { exitStatus, statusOfEnd } from '../../src/app/exit-status.ts';
import { succeed } from '../../src/base/failure.ts';
import type { Proof } from '../../src/base/proof.ts';
import { against, type Check, couldNotVerify, failed, passed, resultWord } from '../../src/base/verdict.ts';
import { provenOf } from '../../src/journal/run-proof.ts';
import { renderRecord } from '../../src/record/render-record.ts';
import { resultWords } from '../../src/record/result-words.ts';
import { toMarkdown } from '../../src/record/to-markdown.ts';
import { summarise } from '../../src/session/summarise.ts';
import { toyHandlers, toyStep } from './toy-handlers.ts';
import { toyRun } from './toy-run.ts';

const whole = against('dump', [passed('all there')]);
const counted = against('manifest', [passed('counts are equal')]);
const uncounted = against('manifest', [couldNotVerify('there is no manifest', 'Let thaw backup write one.')]);
const live = against('live', [passed('as live')]);
const notLive = against('live', [couldNotVerify('live does not answer', 'Drill where it does.')]);

async function runWith(proof: Proof | undefined, checks: readonly Check[]) {
  const verify = async () => succeed(checks);
  return toyRun({
    steps: [toyStep('fetch'), toyStep('restore-database')],
    handlers: toyHandlers({ 'restore-database': { verify } }),
    about: proof === undefined ? {} : { proof },
  });
}

type Row = readonly [
  what: string,
  asked: Proof | undefined,
  checks: readonly Check[],
  words: string,
  status: number,
];
const { verified, failed: notGood, unproven } = exitStatus;

describe('what a run has proven, and its exit status', () => {
  it.each<Row>([
    [
      'the dump, and no more is asked',
      'dump',
      [...whole, ...uncounted, ...notLive],
      'VERIFIED against the dump',
      verified,
    ],
    [
      'the manifest',
      'manifest',
      [...whole, ...counted, ...notLive],
      'VERIFIED against the manifest',
      verified,
    ],
    [
      'the live database, without a manifest',
      'dump',
      [...whole, ...uncounted, ...live],
      'VERIFIED against the live database',
      verified,
    ],
    [
      'both',
      'live',
      [...whole, ...counted, ...live],
      'VERIFIED against the manifest and the live database',
      verified,
    ],
    ['more than is asked', 'dump', [...whole, ...counted], 'VERIFIED against the manifest', verified],
    [
      'no manifest, which is asked',
      'manifest',
      [...whole, ...uncounted, ...live],
      'COULD NOT VERIFY',
      unproven,
    ],
    [
      'no live database, which is asked',
      'live',
      [...whole, ...counted, ...notLive],
      'COULD NOT VERIFY',
      unproven,
    ],
    ['a manifest of which no check speaks', 'manifest', whole, 'COULD NOT VERIFY', unproven],
    ['nothing at all of a dump that is asked', 'dump', [passed('it ran')], 'COULD NOT VERIFY', unproven],
    ['half of a manifest', 'manifest', [...whole, ...counted, ...uncounted], 'COULD NOT VERIFY', unproven],
    [
      'what a step asks for itself',
      'dump',
      [...whole, couldNotVerify('owners', 'Look.')],
      'COULD NOT VERIFY',
      unproven,
    ],
    ['no dump, where none is restored', undefined, [passed('files are there')], 'VERIFIED', verified],
    ['a doubt, where none is restored', undefined, uncounted, 'COULD NOT VERIFY', unproven],
    [
      'what failed, whatever is asked',
      'dump',
      [...whole, ...against('live', [failed('rows are lost', 'Look.')])],
      'FAILED',
      notGood,
    ],
  ])('%s', async (_what, asked, checks, words, status) => {
    const { end, state, entries } = await runWith(asked, checks);
    expect(resultWord(state.ended?.verdict ?? 'failed', provenOf(state))).toBe(words);
    expect(statusOfEnd(end)).toBe(status);
    // The same words on the terminal, on top of the record and in the index.
    const lines = summarise({ state, end, nowMs: 0, record: undefined });
    expect(lines[0]).toMatch(new RegExp(`   ${words}   `));
    const record = renderRecord(entries, 'head');
    expect(record && resultWords(record)).toMatch(new RegExp(`^${words}( everything)?$`));
  });

  it('lists what was not checked, with what would check it, in summary and record', async () => {
    const { end, state, entries } = await runWith('dump', [...whole, ...uncounted]);
    const lines = summarise({ state, end, nowMs: 0, record: undefined });
    expect(lines).toEqual(
      expect.arrayContaining(['not checked: there is no manifest', '→ Let thaw backup write one.']),
    );
    const record = renderRecord(entries, 'head');
    expect(record?.result).toMatchObject({
      proof: 'dump',
      proven: ['dump'],
      notChecked: [{ text: 'there is no manifest', remedy: 'Let thaw backup write one.' }],
    });
    expect(record && toMarkdown(record)).toContain('there is no manifest → Let thaw backup write one.');
  });

  it('names what is asked for and nothing was held against', async () => {
    const { end, state } = await runWith('live', [...whole, ...counted]);
    expect(summarise({ state, end, nowMs: 0, record: undefined })).toContain(
      'could not verify: nothing was held against the live database',
    );
  });

  it('counts a step that was done anew as it came out last', async () => {
    let times = 0;
    const { state, end } = await toyRun({
      steps: [toyStep('restore-database')],
      handlers: toyHandlers({
        'restore-database': {
          verify: async () => {
            times += 1;
            return succeed(times === 1 ? against('dump', [failed('a table is missing', 'Retry.')]) : whole);
          },
        },
      }),
      about: { proof: 'dump' },
      answer: () => 'retry',
    });
    expect(provenOf(state)).toEqual(['dump']);
    expect(statusOfEnd(end)).toBe(0);
  });
});
