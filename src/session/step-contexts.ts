import { assert } from '../base/assert.ts';
import { cleanText } from '../base/clean-text.ts';
import { createGuard } from '../engine/guard.ts';
import type { JournalWriter } from '../engine/journal-writer.ts';
import type { KnownFact } from '../kinds/fact.ts';
import { foreseeAll, stepsGiving } from '../kinds/handlers.ts';
import type { AnyCheckContext, AnyPreviewContext, AnyStepContext, Step } from '../kinds/kind.ts';
import { stepId } from '../kinds/kind.ts';
import { patienceOf } from '../kinds/patience.ts';
import { durationMs } from '../kinds/targets.ts';
import type { Guard } from '../ports/guard.ts';
import type { World } from '../ports/world.ts';
import { nameWorld } from './name-world.ts';
import type { QuestionDesk } from './question-desk.ts';
import type { SessionRequest } from './session-request.ts';
import type { StepFeed } from './step-feed.ts';

export type ContextRequest = Pick<
  SessionRequest,
  'mode' | 'world' | 'targets' | 'steps' | 'handlers' | 'folder' | 'redact' | 'mask' | 'start'
> &
  Partial<Pick<SessionRequest, 'provenSnapshots' | 'seenLinks' | 'wantedSnapshot'>>;

/** Hands each step its world: masked output to file and screen, facts to the journal, questions to the desk. */
export function createStepContexts(parts: {
  readonly request: ContextRequest;
  readonly journal: JournalWriter;
  readonly desk: QuestionDesk;
  readonly feeds: ReadonlyMap<string, StepFeed>;
  readonly onOutput: () => void;
}) {
  const { request, journal, desk } = parts;
  const { folder, mode, targets, start, world } = request;

  const shared = {
    mode,
    runId: `${folder.id}-${start.mark}`,
    world,
    targets,
    steps: request.steps,
    giving: (fact: KnownFact) => stepsGiving(fact, request),
    mask: request.mask,
    workFile: (name: string) => folder.workFile(name),
    fact: (name: string) => journal.state()?.facts.get(name),
  };

  const recordFor =
    (id: string): AnyStepContext['record'] =>
    async ({ name, version }, value) => {
      // What is recorded is JSON: a value that does not survive the trip would be another one on resume.
      const plain = JSON.parse(JSON.stringify(value));
      await journal.append({ kind: 'fact-recorded', stepId: id, name, version, value: plain });
    };

  function forStep(step: Step, signal: AbortSignal): AnyStepContext {
    assert(mode !== 'tabletop', 'at a table nothing is executed');
    const id = stepId(step);
    const shown = shownBy(parts, id);
    return {
      ...shared,
      ...waiting(world, { patienceMs: durationMs(step.patience), signal, tell: shown.output }),
      stepId: id,
      signal,
      guard: guardOf(shared, journal),
      foresee: (database) => foreseeAll(request, { database, context: forStep(step, signal) }),
      lostAtMs: start.lostAtMs,
      rpoMs: start.objectives.rpoMs,
      ...remembered(request),
      record: recordFor(id),
      async recordCommand(command) {
        await journal.append({ kind: 'command-run', stepId: id, command });
      },
      ...shown,
      ask: (question) => desk.ask(question, signal),
    };
  }

  function forCheck(signal: AbortSignal): AnyCheckContext {
    return { ...shared, signal, record: recordFor('preflight'), wantedSnapshot: request.wantedSnapshot };
  }

  const { fact, workFile, steps, runId } = shared;
  const forPreview: AnyPreviewContext = {
    mode,
    targets,
    steps,
    runId,
    fact,
    workFile,
    world: nameWorld(world),
  };

  return { forStep, forCheck, forPreview };
}

/** What this host remembers of earlier runs. */
function remembered({
  provenSnapshots,
  seenLinks,
}: ContextRequest): Pick<AnyStepContext, 'provenSnapshots' | 'seenLinks'> {
  return {
    ...(provenSnapshots === undefined ? {} : { provenSnapshots }),
    ...(seenLinks === undefined ? {} : { seenLinks }),
  };
}

/** A world that waits for its stores, and the patience for what else is tried again. */
function waiting(
  world: World,
  wait: Parameters<NonNullable<World['patient']>>[0],
): Pick<AnyStepContext, 'world' | 'patience'> {
  return {
    world: world.patient?.(wait) ?? world,
    patience: patienceOf(world.host, { ...wait, lastsMs: wait.patienceMs }),
  };
}

/** What a step says, to its file and to the screen. */
function shownBy(
  {
    request,
    feeds,
    onOutput,
  }: Pick<Parameters<typeof createStepContexts>[0], 'request' | 'feeds' | 'onOutput'>,
  id: string,
): Pick<AnyStepContext, 'output' | 'progress'> {
  const { folder, redact, world } = request;
  return {
    output(line) {
      const text = cleanText(redact(line));
      const atMs = world.host.now();
      folder.appendOutput(id, `${new Date(atMs).toISOString()} ${text}`);
      feeds.get(id)?.addLine({ atMs, text });
      onOutput();
    },
    progress(progress) {
      feeds.get(id)?.addProgress(progress, world.host.now());
      onOutput();
    },
  };
}

/** A name counts as typed when the journal says so, whichever process heard it. */
function guardOf(
  { runId, workFile }: Pick<AnyStepContext, 'runId' | 'workFile'>,
  journal: JournalWriter,
): Guard {
  return createGuard({
    runId,
    workFile,
    agreed: (question) => journal.state()?.named.has(question) === true,
  });
}
