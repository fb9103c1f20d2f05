import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/base/secret.ts';
import { createJournalWriter, JournalLost } from '../../src/engine/journal-writer.ts';
import { emptyJournal } from '../../src/journal/read-journal.ts';
import type { Answer, Question } from '../../src/ports/operator.ts';
import { createQuestionDesk } from '../../src/session/question-desk.ts';
import { nobodyThere } from '../engine/toy-run.ts';
import { fixedClock, startMs } from '../fakes/fake-host.ts';
import { createFakeRunFolder, type FakeRunFolderOptions } from '../fakes/fake-run-folder.ts';

const confirm = (id: string): Question => ({
  kind: 'confirm',
  id,
  title: `Is ${id} so?`,
  body: ['Read it.'],
  verb: 'go on',
});
const yes: Answer = { value: 'yes', by: 'operator' };

function openDesk(options: FakeRunFolderOptions & { readonly secrets?: readonly string[] } = {}) {
  const folder = createFakeRunFolder(options);
  const redact = createRedactor(options.secrets ?? []);
  const journal = createJournalWriter({
    folder,
    redact,
    clock: fixedClock(() => startMs),
    reading: emptyJournal,
    onEntry: () => {},
  });
  let changes = 0;
  const desk = createQuestionDesk({ journal, redact, onChange: () => (changes += 1) });
  return { desk, folder, changes: () => changes };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('the desk where questions wait', () => {
  it('shows one question at a time, in the order they came', async () => {
    const { desk } = openDesk();
    const first = desk.ask(confirm('first'));
    const second = desk.ask(confirm('second'));
    await settled();
    expect(desk.open()?.id).toBe('first');
    desk.answer('second', yes);
    expect(desk.open()?.id).toBe('first');
    desk.answer('first', yes);
    expect(desk.open()?.id).toBe('second');
    desk.answer('second', { value: 'no', by: 'option' });
    expect(await Promise.all([first, second])).toMatchObject([
      { value: { value: 'yes' } },
      { value: { value: 'no' } },
    ]);
    expect(desk.open()).toBeUndefined();
  });

  it('lets the step hear an answer only when it is durable', async () => {
    let durable = false;
    const { desk } = openDesk({
      afterAppend: (line) => {
        durable ||= line.includes('"question-answered"');
      },
    });
    const asked = desk.ask(confirm('swap')).then(() => durable);
    await settled();
    desk.answer('swap', yes);
    expect(durable).toBe(false);
    expect(await asked).toBe(true);
  });

  it('lets the step hear nothing when the answer cannot be written', async () => {
    const full = {
      code: 'out-of-space',
      message: 'The disk is full.',
      remedy: 'Free some.',
      retry: 'after-fix',
    } as const;
    const { desk } = openDesk({
      beforeAppend: (line) => (line.includes('"question-answered"') ? full : undefined),
    });
    const asked = desk.ask(confirm('swap'));
    await settled();
    desk.answer('swap', yes);
    await expect(asked).rejects.toBeInstanceOf(JournalLost);
  });

  it('keeps who answered, and the note, and no secret of either', async () => {
    const { desk, folder } = openDesk({ secrets: ['sesame'] });
    const asked = desk.ask({ ...confirm('swap'), title: 'Use sesame?', stepId: 'restore' });
    await settled();
    expect(desk.open()?.title).toBe('Use ‹secret›?');
    desk.answer('swap', { value: 'sesame', note: 'it was sesame', by: 'operator' });
    expect(await asked).toMatchObject({ value: { value: 'sesame' } });
    const lines = folder.lines().join('');
    expect(lines).not.toContain('sesame');
    expect(lines).toContain('"by":"operator","note":"it was ‹secret›"');
  });

  it('never masks what an answer is compared with', async () => {
    const { desk } = openDesk({ secrets: ['crm_live', 'crm__restore', 'snapshot-1'] });
    void desk.ask({
      kind: 'type-name',
      id: 'swap',
      title: 'Swap crm_live',
      body: [],
      name: 'crm_live',
      verb: 'swap',
      facts: [{ label: 'comes in', value: 'crm__restore' }],
    });
    await settled();
    expect(desk.open()).toMatchObject({
      name: 'crm_live',
      title: 'Swap ‹secret›',
      facts: [{ value: '‹secret›' }],
    });
    desk.answer('swap', yes);
    void desk.ask({
      kind: 'choose-row',
      id: 'choose',
      title: 'Which?',
      body: [],
      columns: ['snapshot'],
      rows: [{ value: 'snapshot-1', label: 'snapshot-1', cells: ['snapshot-1'] }],
      about: { 'snapshot-1': 'It is snapshot-1.' },
    });
    await settled();
    expect(desk.open()).toMatchObject({
      rows: [{ value: 'snapshot-1', cells: ['‹secret›'] }],
      about: { 'snapshot-1': 'It is ‹secret›.' },
    });
  });

  it('says why a question is not answered, and asks nothing more once it is closed', async () => {
    const { desk } = openDesk();
    const [first, second] = [desk.ask(confirm('first')), desk.ask(confirm('second'))];
    await settled();
    desk.decline('first', nobodyThere);
    expect(await first).toEqual({ ok: false, failure: nobodyThere });
    desk.declineAll({ ...nobodyThere, code: 'cancelled' });
    expect(await second).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
    expect(await desk.ask(confirm('third'))).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
  });

  it('takes a question back when whoever asked it was stopped', async () => {
    const { desk } = openDesk();
    const stop = new AbortController();
    const [first, second] = [desk.ask(confirm('first')), desk.ask(confirm('second'), stop.signal)];
    await settled();
    stop.abort();
    expect(await second).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
    desk.answer('first', yes);
    await first;
    expect(desk.open()).toBeUndefined();
    expect(await desk.ask(confirm('late'), stop.signal)).toMatchObject({ ok: false });
  });
});
