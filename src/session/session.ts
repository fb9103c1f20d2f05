import { assert } from '../base/assert.ts';
import type { Failure } from '../base/failure.ts';
import { driveRun } from '../engine/drive-run.ts';
import { createJournalWriter, JournalLost, type JournalWriter } from '../engine/journal-writer.ts';
import type { RunEnd } from '../engine/run-end.ts';
import type { JournalEntry } from '../journal/entry.ts';
import { type Step, stepId } from '../kinds/kind.ts';
import type { Question } from '../ports/operator.ts';
import { buildView, collectViews, noViews, type RunViews, type ViewParts } from './build-view.ts';
import { createQuestionDesk, type QuestionDesk } from './question-desk.ts';
import type { SessionRequest } from './session-request.ts';
import { createStepContexts } from './step-contexts.ts';
import { createStepFeed, type StepFeed } from './step-feed.ts';
import { summarise } from './summarise.ts';
import type { Session, View } from './view.ts';
import { createViewCache, type ViewCache } from './view-cache.ts';
import { watchPrograms } from './watch-programs.ts';

export type RunningSession = Session & {
  /** Never rejects for a failure of the world. */
  readonly ended: Promise<RunEnd>;
  /** Nobody can answer: the step hears `answer-missing` with the option that would have answered. */
  decline(questionId: string, failure: Failure): void;
};

/**
 * One run, driven in this process, seen from outside. Its start is durable before this returns, and so there is something to
 * look at. Throws JournalLost when it could not be written.
 */
export async function startSession(request: SessionRequest): Promise<RunningSession> {
  const { world, folder, redact, reading } = request;
  const stopping = new AbortController();
  const knowledge = createRunKnowledge(request.steps, reading.entries);
  let closing: Closing = { summary: [], recordPath: undefined, ended: false };
  const cache = createViewCache(currentView);
  const journal = createJournalWriter({
    folder,
    redact,
    clock: world.host.clock,
    reading,
    onEntry: (entry) => {
      knowledge.note(entry);
      cache.changed();
    },
  });
  const desk = createQuestionDesk({ journal, redact, onChange: cache.changed });

  function currentView(): View {
    return renderView({ request, journal, knowledge, question: desk.open(), closing });
  }

  async function run(): Promise<RunEnd> {
    try {
      const driven = await drive({ request, journal, desk, knowledge, stop: stopping.signal, cache });
      const closed = await closeRun({ request, journal, ...driven });
      closing = closed.closing;
      return closed.end;
    } catch (bug) {
      // The screen must not stay open over a program that is about to end with an exception.
      closing = {
        summary: ['This is a bug in thaw; the journal is safe.'],
        recordPath: undefined,
        ended: true,
      };
      throw bug;
    } finally {
      cache.close();
      cache.changed();
    }
  }

  try {
    await openRun(request, journal);
  } catch (error) {
    cache.close();
    throw error;
  }
  const ended = run();
  // Whoever waits for the end hears of a bug; until somebody does, it must not end the process from behind.
  ended.catch(() => {});
  return {
    ended,
    view: cache.view,
    subscribe: cache.subscribe,
    answer: desk.answer,
    decline: desk.decline,
    note(text) {
      // A journal that cannot be written ends the run where the engine next writes; here it is only not to end the program.
      journal.append({ kind: 'note-added', text }).catch(onlyJournalLost);
    },
    stop() {
      // First the words, then the signal: whoever waits for an answer hears who stopped it.
      desk.declineAll(stoppedByOperator);
      stopping.abort();
    },
  };
}

/** What this process has seen of a run beyond its state: views of the journal, feeds of the steps, and which it began. */
type RunKnowledge = {
  readonly feeds: ReadonlyMap<string, StepFeed>;
  /** A started step that is not among them was begun by a process that is gone: it was interrupted. */
  readonly begunHere: ReadonlySet<string>;
  views(): RunViews;
  note(entry: JournalEntry): void;
};

function createRunKnowledge(steps: readonly Step[], entries: readonly JournalEntry[]): RunKnowledge {
  const feeds = new Map(steps.map((step) => [stepId(step), createStepFeed()]));
  const begunHere = new Set<string>();
  let views = entries.reduce(collectViews, noViews);
  return {
    feeds,
    begunHere,
    views: () => views,
    note(entry) {
      views = collectViews(views, entry);
      if (entry.kind !== 'step-started') return;
      begunHere.add(entry.stepId);
      feeds.get(entry.stepId)?.clearProgress();
    },
  };
}

type Closing = Pick<ViewParts, 'summary' | 'recordPath' | 'ended'>;

type Parts = {
  readonly request: SessionRequest;
  readonly journal: JournalWriter;
  readonly knowledge: RunKnowledge;
};

function renderView(
  parts: Parts & { readonly question: Question | undefined; readonly closing: Closing },
): View {
  const { request, journal, knowledge, question, closing } = parts;
  const { folder, redact, world } = request;
  const state = journal.state();
  assert(state !== undefined, 'the start of the run is written before anyone looks');
  const view = buildView({
    mode: request.mode,
    title: request.title,
    runId: folder.id,
    target: `host ${state.start.host.name} · ${redact(state.start.targets.database ?? '')}`,
    state,
    views: knowledge.views(),
    feeds: knowledge.feeds,
    begunHere: knowledge.begunHere,
    question,
    ...closing,
    outputPath: (id) => `${folder.path}/output/${id}.log`,
    nowMs: world.host.now(),
  });
  const { advice, whenAlone } = request;
  return { ...view, whenAlone, ...(advice.length === 0 ? {} : { advice }) };
}

function drive(
  parts: Parts & { readonly desk: QuestionDesk; readonly stop: AbortSignal; readonly cache: ViewCache },
): Promise<Driven> {
  const { request, journal, knowledge, desk, stop, cache } = parts;
  const contexts = createStepContexts({
    request,
    journal,
    desk,
    feeds: knowledge.feeds,
    onOutput: cache.changedALittle,
  });
  const { steps, handlers, folder, title, bring, advice, mode } = request;
  return driveRun({
    steps,
    handlers: watchPrograms({ handlers, world: request.world, journal }),
    journal,
    folder,
    context: contexts.forStep,
    previewContext: contexts.forPreview,
    checkContext: contexts.forCheck(stop),
    origins: request.origins ?? [],
    title,
    bring,
    advice,
    live: mode === 'live',
    ...(request.proveKit === undefined ? {} : { proveKit: request.proveKit }),
    ...(mode === 'tabletop' ? { discussion: { injects: request.start.exercise?.injects ?? [] } } : {}),
    stop,
    ask: desk.ask,
  }).then(
    (end) => ({ end, journalLost: false }),
    (error: unknown) => {
      onlyJournalLost(error);
      return { end: { kind: 'stopped', because: 'failure', failure: error.failure }, journalLost: true };
    },
  );
}

type Driven = { readonly end: RunEnd; readonly journalLost: boolean };

async function closeRun(
  parts: Omit<Parts, 'knowledge'> & Driven,
): Promise<{ readonly closing: Closing; readonly end: RunEnd }> {
  const { request, journal, end, journalLost } = parts;
  const flushed = await request.folder.flushOutputs();
  const written = await request.writeRecord();
  const record = written?.ok === true ? written.value : undefined;
  const unrecorded = written?.ok === false ? written.failure : undefined;
  const state = journal.state();
  const nowMs = request.world.host.now();
  const summary = state === undefined ? [] : summarise({ state, end, nowMs, record, journalLost });
  // Where the journal is lost, its own words say where the facts are; that no record can be made from it is nothing new.
  const open = journalLost
    ? []
    : [...(flushed.ok ? [] : [flushed.failure]), ...(unrecorded ? [unrecorded] : [])];
  const more = [
    ...(record?.warnings ?? []),
    ...open.flatMap(({ message, remedy }) => [message, `→ ${remedy}`]),
  ];
  return {
    closing: { summary: [...summary, ...more].map(request.redact), recordPath: record?.path, ended: true },
    end: unrecorded === undefined || end.kind !== 'finished' ? end : { ...end, unrecorded },
  };
}

async function openRun(
  request: SessionRequest,
  journal: ReturnType<typeof createJournalWriter>,
): Promise<void> {
  const { reading, start, world } = request;
  if (reading.entries.length === 0) {
    await journal.append(start);
    return;
  }
  const { name: host, cores: _, ...who } = world.host.facts;
  await journal.append({ kind: 'run-resumed', host, ...who, tornBytes: reading.tornBytes });
}

/** The one exception that stands for a failure of the world; every other one is a bug and goes on up. */
function onlyJournalLost(error: unknown): asserts error is JournalLost {
  if (!(error instanceof JournalLost)) throw error;
}

const stoppedByOperator: Failure = {
  code: 'cancelled',
  message: 'The operator stopped the run.',
  remedy: 'Go on with `thaw resume`.',
  retry: 'safe',
};
