import { describe, expect, it } from 'vitest';
import { fail, succeed } from '../../src/base/failure.ts';
import { readJournal } from '../../src/journal/read-journal.ts';
import type { StepHandlers } from '../../src/kinds/handlers.ts';
import type { StepContext } from '../../src/kinds/kind.ts';
import type { Question } from '../../src/ports/operator.ts';
import { valueFrom } from '../contracts/object-store.contract.ts';
import { createFakeRunFolder } from '../fakes/fake-run-folder.ts';
import { toyFact, toyHandlers, toyStep } from './toy-handlers.ts';
import { toyRun } from './toy-run.ts';

/** The world outside: what a crash of ours does not undo. */
type Outside = {
  /** Written again as often as one likes. */
  file: string;
  mirrored: number;
  /** Must happen exactly once; the step looks first. */
  swaps: number;
  /** Must happen exactly once; only a person can tell. */
  mails: number;
  failedOnce: boolean;
};

const untouched: Outside = { file: '', mirrored: 0, swaps: 0, mails: 0, failedOnce: false };
const steps = [
  toyStep('choose-snapshot'),
  toyStep('fetch'),
  toyStep('decrypt'),
  toyStep('restore-database'),
  toyStep('mirror-objects', { alongside: true }),
  toyStep('command'),
  toyStep('confirm'),
];

/** A walk with every way a step can take a crash, a failure that goes away, questions, and two steps side by side. */
function handlersOver(outside: Outside): StepHandlers {
  return toyHandlers({
    'choose-snapshot': {
      run: async (_step, context) => {
        const answer = await context.ask(chooseQuestion);
        if (!answer.ok) return answer;
        await context.record(toyFact('snapshot'), { id: answer.value.value });
        return succeed({ kind: 'done' });
      },
    },
    fetch: {
      run: async (_step, context) => {
        outside.file = `content of ${(context.fact('snapshot') as { id: string }).id}`;
        await context.record(toyFact('file'), outside.file);
        return succeed({ kind: 'done' });
      },
    },
    decrypt: {
      run: async () => {
        if (outside.failedOnce) return succeed({ kind: 'done' });
        outside.failedOnce = true;
        return fail({ code: 'stalled', message: 'No byte comes.', remedy: 'Retry.', retry: 'safe' });
      },
    },
    'restore-database': { afterCrash: 'look-first', run: (_step, context) => swapOnce(outside, context) },
    'mirror-objects': {
      run: async (_step, context) => {
        await context.recordCommand('mirror');
        outside.mirrored = 300;
        return succeed({ kind: 'done' });
      },
    },
    command: {
      afterCrash: 'ask',
      run: async (_step, context) => {
        await context.recordCommand('send-mail');
        outside.mails += 1;
        return succeed({ kind: 'done' });
      },
    },
  });
}

const chooseQuestion: Question = {
  kind: 'choose',
  id: 'choose-snapshot',
  title: 'Which one?',
  body: [],
  choices: [{ value: 'newest', label: 'the newest' }],
};

async function swapOnce(outside: Outside, context: StepContext) {
  if (context.fact('swapped') !== undefined) return succeed({ kind: 'done' as const });
  await context.record(toyFact('swapping'), { target: 'crm' });
  // The look: a swap that a dead process has done is seen in the world, not in the journal.
  if (outside.swaps === 0) outside.swaps += 1;
  await context.record(toyFact('swapped'), { target: 'crm' });
  return succeed({ kind: 'done' as const });
}

/** A person who looks before saying anything. */
function operator(outside: Outside) {
  return (question: Question): string => {
    if (question.id === 'choose-snapshot') return 'newest';
    if (question.id === 'command.interrupted')
      return outside.mails > 0 ? 'skip|the mail is in the outbox' : 'run-again';
    if (question.kind === 'failure') return 'retry';
    return 'yes';
  };
}

type Crash = { readonly journal: Buffer; readonly outside: Outside };

/** A walk from where a crash left off, and every moment another crash could come: before and after each of its lines. */
async function walkFrom(start: Crash) {
  const outside = { ...start.outside };
  const crashes: Crash[] = [];
  const torn = valueFrom(readJournal(start.journal)).tornBytes;
  let journal = start.journal.subarray(0, start.journal.length - torn);
  const note = () => void crashes.push({ journal, outside: { ...outside } });
  const folder = createFakeRunFolder({
    journal: start.journal,
    beforeAppend: () => {
      note();
      return undefined;
    },
    afterAppend: (line) => {
      journal = Buffer.concat([journal, Buffer.from(line)]);
      note();
    },
  });
  const run = await toyRun({
    steps,
    handlers: handlersOver(outside),
    mode: 'live',
    folder,
    answer: operator(outside),
  });
  // After the last line there is nothing left to crash.
  return { ...run, outside, crashes: crashes.slice(0, -1) };
}

const beginning: Crash = { journal: Buffer.alloc(0), outside: untouched };
const end: Outside = { file: 'content of newest', mirrored: 300, swaps: 1, mails: 1, failedOnce: true };

async function expectSameEnd(crash: Crash): Promise<void> {
  const { end: ended, state, outside } = await walkFrom(crash);
  expect(outside).toEqual(end);
  expect([...state.steps].map(([id, step]) => `${id} ${step.kind}`)).toEqual(
    steps.map(({ kind }) => `${kind} finished`),
  );
  expect(state.facts.get('swapped')).toEqual({ target: 'crm' });
  expect(state.facts.get('file')).toBe(end.file);
  // Where only a person knew that the mail was sent, the record says that it is a person's word.
  const mail = state.steps.get('command');
  const byPerson = mail?.kind === 'finished' && mail.verdict === 'could-not-verify';
  expect(ended).toEqual({ kind: 'finished', verdict: byPerson ? 'could-not-verify' : 'passed' });
}

describe('a crash at any moment', () => {
  it('does not come: the walk ends well, and everything happened once', async () => {
    const walk = await walkFrom(beginning);
    expect(walk.end).toEqual({ kind: 'finished', verdict: 'passed' });
    expect(walk.outside).toEqual(end);
    expect(walk.entries.length).toBeGreaterThan(30);
    expect(walk.crashes).toHaveLength(walk.entries.length * 2 - 1);
  });

  it('before or after any line ends as an undisturbed walk does, and nothing dangerous happens twice', async () => {
    const { crashes } = await walkFrom(beginning);
    for (const crash of crashes) await expectSameEnd(crash);
  });

  it('in the middle of any line does not count that line', async () => {
    const { crashes, folder } = await walkFrom(beginning);
    const before = crashes.filter((_, index) => index % 2 === 0);
    for (const [index, line] of folder.lines().entries()) {
      const crash = before[index] ?? beginning;
      const bytes = Buffer.from(line);
      for (const length of [1, Math.floor(bytes.length / 2), bytes.length - 1]) {
        await expectSameEnd({ ...crash, journal: Buffer.concat([crash.journal, bytes.subarray(0, length)]) });
      }
    }
  });

  it('during a resume, whatever the first crash was, still ends the same', async () => {
    const { crashes } = await walkFrom(beginning);
    for (const first of crashes.filter((_, index) => index % 3 === 0)) {
      const again = await walkFrom(first);
      for (const second of again.crashes.filter((_, index) => index % 3 === 1)) await expectSameEnd(second);
    }
  });
});
