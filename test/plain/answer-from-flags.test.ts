import { describe, expect, test } from 'vitest';
import { answerFor, answerFromFlags, type Flags, optionFor } from '../../src/plain/answer-from-flags.ts';
import { readTypedAnswer } from '../../src/plain/read-typed-answer.ts';
import type { Question } from '../../src/ports/operator.ts';
import { createMemorySession } from '../ui/memory-session.ts';
import { questions, sampleView } from '../ui/sample-views.ts';

const flags = (change: Partial<Flags> = {}): Flags => ({
  answers: new Map(),
  confirm: [],
  yes: false,
  ...change,
});
const answer = (id: string, value: string) => flags({ answers: new Map([[id, value]]) });

describe('Answers given in advance', () => {
  test('a name is confirmed only by that exact name', () => {
    const swap = questions['type-name'];
    expect(answerFor(swap, flags({ confirm: ['port_nimara_crm'] }))).toEqual({ value: 'port_nimara_crm' });
    expect(answerFor(swap, flags({ confirm: ['port_nimara'] }))).toBeUndefined();
    expect(answerFor(swap, flags({ yes: true }))).toBeUndefined();
    expect(answerFor(swap, answer(swap.id, 'port_nimara_crm'))).toBeUndefined();
  });

  test('where a word may stand in place of the name, --answer gives that word and never the name', () => {
    const instead = { value: 'keep', label: 'keeps the live ones' };
    const overwrite = { ...questions['type-name'], instead };
    expect(answerFor(overwrite, answer(overwrite.id, 'keep'))).toEqual({ value: 'keep' });
    expect(answerFor(overwrite, answer(overwrite.id, 'port_nimara_crm'))).toBeUndefined();
    expect(answerFor(overwrite, flags({ yes: true }))).toBeUndefined();
    expect(answerFor(questions['type-name'], answer(overwrite.id, 'keep'))).toBeUndefined();
    expect(optionFor(overwrite)).toBe(`--confirm port_nimara_crm, or --answer ${overwrite.id}=keep`);
    expect(readTypedAnswer(overwrite, 'keep')).toEqual({ kind: 'answer', answer: { value: 'keep' } });
    expect(readTypedAnswer(questions['type-name'], 'keep')).toMatchObject({ kind: 'again' });
  });

  test('--yes answers a plain yes-or-no question, and a particular no outweighs it', () => {
    expect(answerFor(questions.confirm, flags({ yes: true }))).toEqual({ value: 'yes' });
    expect(answerFor(questions.confirm, { ...answer('start', 'no'), yes: true })).toEqual({ value: 'no' });
    expect(answerFor(questions.confirm, { ...answer('start', 'perhaps'), yes: true })).toBeUndefined();
  });

  test('--yes chooses nothing and attests nothing', () => {
    for (const question of [questions.choose, questions['choose-row'], questions.attest, questions.failure]) {
      expect(answerFor(question, flags({ yes: true }))).toBeUndefined();
    }
    const word = { ...questions.confirm, inNameOf: 'the owner of the CRM' };
    expect(answerFor(word, flags({ yes: true }))).toBeUndefined();
    expect(answerFor(word, answer('start', 'yes'))).toEqual({ value: 'yes' });
  });

  test('latest is the proposed row', () => {
    expect(answerFor(questions['choose-row'], answer('choose-snapshot', 'latest'))).toEqual({ value: '14' });
    expect(answerFor(questions['choose-row'], answer('choose-snapshot', '13'))).toEqual({ value: '13' });
  });

  test('what cannot be chosen is not chosen by an option either', () => {
    expect(answerFor(questions['choose-row'], answer('choose-snapshot', '11'))).toBeUndefined();
    expect(answerFor(questions.choose, answer('choose-key', 'b'))).toBeUndefined();
  });

  test('a choice that needs a reason is taken only with one', () => {
    expect(answerFor(questions.failure, answer('decrypt.failed', 'skip'))).toBeUndefined();
    expect(answerFor(questions.failure, answer('decrypt.failed', 'skip:'))).toBeUndefined();
    expect(answerFor(questions.failure, answer('decrypt.failed', 'skip: drill: key at home'))).toEqual({
      value: 'skip',
      note: 'drill: key at home',
    });
  });

  test('an attestation that did not pass needs its note', () => {
    expect(answerFor(questions.attest, answer('smoke.login', 'passed'))).toEqual({ value: 'passed' });
    expect(answerFor(questions.attest, answer('smoke.login', 'failed'))).toBeUndefined();
    expect(answerFor(questions.attest, answer('smoke.login', 'failed:blank page'))).toEqual({
      value: 'failed',
      note: 'blank page',
    });
  });
});

describe('A run without an operator', () => {
  const runWith = (question: Question, change: Partial<Flags> = {}) => {
    const missing: string[] = [];
    const session = createMemorySession(sampleView({ question }));
    const stop = answerFromFlags({
      session,
      ...flags(change),
      onMissing: (_, option) => missing.push(option),
    });
    return { session, missing, stop };
  };

  test('answers at once, and says that an option did', () => {
    const { session, missing } = runWith(questions.confirm, { yes: true });
    expect(session.answers).toEqual([{ questionId: 'start', answer: { value: 'yes', by: 'option' } }]);
    expect(missing).toEqual([]);
  });

  test('names the option that would have answered', () => {
    expect(runWith(questions['type-name']).missing).toEqual(['--confirm port_nimara_crm']);
    expect(runWith(questions.confirm).missing).toEqual(['--yes, or --answer start=no']);
    expect(runWith({ ...questions.confirm, inNameOf: 'the owner' }).missing).toEqual([
      '--answer start=yes|no, which speaks for the owner',
    ]);
    expect(runWith(questions['choose-row']).missing).toEqual([
      '--answer choose-snapshot=latest, or a row: 14|13|12',
    ]);
    expect(runWith(questions.failure).missing).toEqual(['--answer decrypt.failed=retry|skip:REASON|stop']);
    expect(runWith(questions.attest).missing).toEqual(['--answer smoke.login=passed|failed|skipped:NOTE']);
  });

  test('retries a failure once by option, and does not go round for ever', () => {
    const missing: string[] = [];
    const session = createMemorySession(sampleView({ question: questions.failure }), (_, change) =>
      change((view) => ({ ...view, question: questions.failure })),
    );
    answerFromFlags({
      session,
      answers: new Map([['decrypt.failed', 'retry']]),
      yes: false,
      onMissing: (question) => missing.push(question.id),
    });
    expect(session.answers).toHaveLength(1);
    expect(missing).toEqual(['decrypt.failed']);
  });

  test('reports a missing answer once, however often the view changes', () => {
    const { session, missing } = runWith(questions.attest);
    session.change((view) => ({ ...view, nowMs: view.nowMs + 1000 }));
    session.change((view) => ({ ...view, nowMs: view.nowMs + 1000 }));
    expect(missing).toHaveLength(1);
  });
});
