import type { Failure } from '../../src/base/failure.ts';
import type { Mode } from '../../src/base/mode.ts';
import { createMasking } from '../../src/base/secret.ts';
import type { RunEnd } from '../../src/engine/run-end.ts';
import type { EntryOf, JournalEntry } from '../../src/journal/entry.ts';
import { readJournal } from '../../src/journal/read-journal.ts';
import { foldJournal, type RunState } from '../../src/journal/run-state.ts';
import { handlerOf, type StepHandlers } from '../../src/kinds/handlers.ts';
import type { Step } from '../../src/kinds/kind.ts';
import { stepId } from '../../src/kinds/kind.ts';
import type { Answer, Question } from '../../src/ports/operator.ts';
import type { World } from '../../src/ports/world.ts';
import { type RunningSession, startSession } from '../../src/session/session.ts';
import { valueFrom } from '../contracts/object-store.contract.ts';
import { createFakeContext } from '../fakes/fake-context.ts';
import { createFakeRunFolder, type FakeRunFolder } from '../fakes/fake-run-folder.ts';
import { createFakeWorld } from '../fakes/fake-world.ts';
import { sampleStart } from '../journal/sample-journal.ts';

export type ToyRunRequest = {
  readonly steps: readonly Step[];
  readonly handlers: StepHandlers;
  readonly mode?: Mode;
  readonly folder?: FakeRunFolder;
  readonly world?: World;
  readonly secrets?: readonly string[];
  readonly about?: Partial<Pick<EntryOf<'run-started'>, 'people' | 'exercise' | 'history' | 'proof'>>;
  /** The value, or value and note behind a colon; undefined: nobody is there. */
  readonly answer?: (question: Question) => string | undefined;
};

export type ToyRun = {
  readonly end: RunEnd;
  readonly state: RunState;
  readonly entries: readonly JournalEntry[];
  readonly folder: FakeRunFolder;
  readonly session: RunningSession;
};

/** Starts or resumes a run of toy steps, as the command line does. */
export async function startToyRun(request: ToyRunRequest): Promise<RunningSession> {
  const {
    steps,
    handlers,
    mode = 'drill',
    folder = createFakeRunFolder(),
    world = createFakeWorld(),
  } = request;
  const reading = valueFrom(readJournal(valueFrom(await folder.readJournal())));
  const session = await startSession({
    mode,
    title: 'Toy company',
    bring: ['a key'],
    advice: [],
    whenAlone: 'stops',
    steps,
    handlers,
    targets: createFakeContext({ mode }).targets,
    world,
    folder,
    ...createMasking({ secrets: request.secrets ?? [], publicNames: new Set() }),
    reading,
    start: {
      ...sampleStart,
      mode,
      ...request.about,
      steps: steps.map((step) => ({
        id: stepId(step),
        kind: step.kind,
        title: handlerOf(handlers, step).title,
      })),
    },
    wantedSnapshot: undefined,
    writeRecord: async () => undefined,
  });
  answerEach(session, request.answer ?? (() => undefined));
  return session;
}

/** Runs it to its end, whatever that is, and reads back what it left. */
export async function toyRun(request: ToyRunRequest): Promise<ToyRun> {
  const folder = request.folder ?? createFakeRunFolder();
  const session = await startToyRun({ ...request, folder });
  const end = await session.ended;
  const { entries } = valueFrom(readJournal(valueFrom(await folder.readJournal())));
  const state = foldJournal(entries);
  if (state === undefined) throw new Error('The run left no journal');
  return { end, state, entries, folder, session };
}

/** Somebody is there and has not answered yet. */
export const later = 'later';

export function answerEach(
  session: RunningSession,
  answer: (question: Question) => string | undefined,
): void {
  const look = () => {
    const { question } = session.view();
    if (question === undefined) return;
    const given = answer(question);
    if (given === later) return;
    if (given === undefined) session.decline(question.id, nobodyThere);
    else session.answer(question.id, toAnswer(given));
  };
  // After the listener has returned: whoever asked is not waiting yet while it is being told.
  session.subscribe(() => queueMicrotask(look));
  look();
}

function toAnswer(given: string): Answer {
  const [value = '', note] = given.split('|');
  return { value, by: 'operator', ...(note === undefined ? {} : { note }) };
}

export const nobodyThere: Failure = {
  code: 'answer-missing',
  message: 'Nobody is there to answer.',
  remedy: 'Answer it beforehand.',
  retry: 'after-fix',
};

/** step-started fetch · step-finished fetch …: the walk in words. */
export function walkOf(entries: readonly JournalEntry[]): readonly string[] {
  return entries.flatMap((entry) => {
    if (entry.kind === 'steps-reopened') return [`reopened ${entry.fromStepId}`];
    if (entry.kind === 'run-stopped') return ['stopped'];
    if (entry.kind === 'run-finished') return [`finished ${entry.verdict}`];
    return entry.kind.startsWith('step-') && 'stepId' in entry
      ? [`${entry.kind.slice(5)} ${entry.stepId}`]
      : [];
  });
}
