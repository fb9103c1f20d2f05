import type { Failure } from '../base/failure.ts';
import { driveRun } from '../engine/drive-run.ts';
import { createJournalWriter, JournalLost } from '../engine/journal-writer.ts';
import type { RunEnd } from '../engine/run-end.ts';
import { stepId } from '../engine/step-handler.ts';
import type { JournalEntry } from '../journal/entry.ts';
import { buildView, collectPapers, noPapers, type ViewParts } from './build-view.ts';
import { createQuestionDesk } from './question-desk.ts';
import type { SessionRequest } from './session-request.ts';
import { createStepContexts } from './step-contexts.ts';
import { createStepFeed, type StepFeed } from './step-feed.ts';
import { summarise } from './summarise.ts';
import type { Session, View } from './view.ts';

/** Output and progress change the view at most this often; facts and questions at once. */
const calmMs = 100;
const tickMs = 1000;

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
  const listeners = new Set<() => void>();
  const stopping = new AbortController();
  const feeds = new Map<string, StepFeed>(request.steps.map((step) => [stepId(step), createStepFeed()]));
  const begunHere = new Set<string>();
  let papers = noPapers;
  for (const entry of reading.entries) papers = collectPapers(papers, entry);
  let view: View | undefined;
  let closing: Pick<ViewParts, 'summary' | 'recordPath' | 'ended'> = {
    summary: [],
    recordPath: undefined,
    ended: false,
  };
  let calm: NodeJS.Timeout | undefined;

  const journal = createJournalWriter({
    folder,
    redact,
    now: world.host.now,
    after: reading.head,
    entries: reading.entries,
    onEntry: (entry) => {
      noteEntry(entry);
      changed();
    },
  });
  const desk = createQuestionDesk({ journal, redact, onChange: changed });

  function noteEntry(entry: JournalEntry) {
    papers = collectPapers(papers, entry);
    if (entry.kind !== 'step-started') return;
    begunHere.add(entry.stepId);
    feeds.get(entry.stepId)?.clearProgress();
  }

  function changed() {
    clearTimeout(calm);
    calm = undefined;
    view = undefined;
    // A listener may be removed, or remove itself, while it is called.
    for (const listener of [...listeners]) listener();
  }

  function changedALittle() {
    calm ??= setTimeout(changed, calmMs);
  }

  function currentView(): View {
    const state = journal.state();
    if (state === undefined)
      throw new Error('Broken promise: the start of the run is written before anyone looks');
    return buildView({
      mode: request.mode,
      title: request.title,
      runId: folder.id,
      target: `host ${state.start.host.name} · ${redact(state.start.targets.database ?? '')}`,
      state,
      papers,
      feeds,
      begunHere,
      question: desk.open(),
      ...closing,
      outputPath: (id) => `${folder.path}/output/${id}.log`,
      nowMs: world.host.now(),
    });
  }

  const contexts = createStepContexts({ request, journal, desk, feeds, onOutput: changedALittle });
  const ticking = setInterval(changedALittle, tickMs);

  function drive(): Promise<RunEnd> {
    const { mode, steps, handlers } = request;
    return driveRun({
      steps,
      handlers,
      journal,
      folder,
      context: contexts.forStep,
      checkContext: contexts.forCheck(stopping.signal),
      title: request.title,
      bring: request.bring,
      live: mode === 'live',
      stop: stopping.signal,
      ask: desk.ask,
    });
  }

  async function run(): Promise<RunEnd> {
    const end = await drive().catch(orJournalLost);
    clearInterval(ticking);
    const flushed = await folder.flushOutputs();
    const record = await request.writeRecord();
    const state = journal.state();
    const summary =
      state === undefined ? [] : summarise({ state, end, nowMs: world.host.now(), record }).map(redact);
    const lost = flushed.ok ? [] : [`${flushed.failure.message} ${flushed.failure.remedy}`];
    closing = { summary: [...summary, ...lost], recordPath: record?.path, ended: true };
    changed();
    return end;
  }

  await openRun(request, journal);
  return {
    ended: run(),
    view: () => {
      view ??= currentView();
      return view;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    answer: desk.answer,
    decline: desk.decline,
    note: (text) => void journal.append({ kind: 'note-added', text }),
    stop() {
      stopping.abort();
      desk.declineAll(stoppedByOperator);
    },
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
  const { name, user, pid } = world.host.facts;
  await journal.append({ kind: 'run-resumed', host: name, user, pid, tornBytes: reading.tornBytes });
}

function orJournalLost(error: unknown): RunEnd {
  if (error instanceof JournalLost) return { kind: 'stopped', because: 'failure', failure: error.failure };
  throw error;
}

const stoppedByOperator: Failure = {
  code: 'cancelled',
  message: 'The operator stopped the run.',
  remedy: 'Go on with `thaw resume`.',
  retry: 'safe',
};
