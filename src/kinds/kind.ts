import type { Failure, Outcome } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import type { Check } from '../base/verdict.ts';
import type { Answer, Question } from '../ports/operator.ts';
import type { World } from '../ports/world.ts';
import type { Fact, Recordable } from './fact.ts';
import type { Step, StepKind, StepOf } from './step-schema.ts';
import type { Targets } from './targets.ts';

/** What a step will do, before it does it: whole sentences, and the commands as they will run. */
export type Preview = { readonly sentences: readonly string[]; readonly commands: readonly string[] };

export type Progress = {
  /** bytes, entries, objects. */
  readonly label: string;
  readonly done: number;
  readonly total?: number;
  readonly unit: 'bytes' | 'count';
};

/** What a step may use. Everything it says is masked before it leaves the program. */
export type StepContext = {
  readonly mode: Mode;
  /** Unique everywhere: the name of the run and its random mark. What a run makes carries it. */
  readonly runId: string;
  readonly world: World;
  readonly targets: Targets;
  /** All of the walk: what a later step proves may be tried before there is no way back. */
  readonly steps: readonly Step[];
  /** Secrets that this step has opened: from then on they are masked in everything that leaves the program. */
  mask(values: readonly string[]): void;
  readonly signal: AbortSignal;
  /** A file of this run in the work folder. */
  workFile(name: string): string;
  /** What an earlier step, or an earlier attempt of this one, recorded; `readFact` gives it its shape. */
  fact(name: string): unknown;
  /** Durable before it returns. Throws only when the journal cannot be written: then nothing may go on. */
  record<T>(fact: Fact<T>, value: NoInfer<Recordable<T>> | null): Promise<void>;
  /** Durable before the command runs. */
  recordCommand(command: string): Promise<void>;
  output(line: string): void;
  progress(progress: Progress): void;
  /** A check as soon as it is known; `verify` returns them all again. */
  ask(question: Question): Promise<Outcome<Answer>>;
  /** Snapshots that an earlier run on this host restored and verified, with the words for it: drill 04-26. */
  readonly provenSnapshots?: ReadonlyMap<string, string>;
  /** When production was lost, for the RPO. */
  readonly lostAtMs: number;
  readonly rpoMs: number;
};

export type StepEnd =
  | { readonly kind: 'done' }
  /** This mode never runs it; listed as such in the record. */
  | { readonly kind: 'not-executed'; readonly reason: string }
  /** The rest of it has to wait for the step it runs beside: `run` is called again when that one has ended. */
  | { readonly kind: 'waits'; readonly reason: string };

/** What a step can do without after a failure that names single items. */
export type LeaveOut = {
  /** As a choice: go on without these 2 objects. */
  readonly label: string;
  /** Noted before the step runs again, which then ends without them. */
  accept(reason: string): Promise<void>;
};

/**
 * The contract of a step kind. A step is done when what it promised was checked, so `run` acts and `verify` looks.
 * `run` may be called again after a failure or a crash and must look at what is there first.
 */
export type StepHandler<K extends StepKind = StepKind> = {
  readonly kind: K;
  readonly title: string;
  /**
   * After a crash inside this step. run-again: nothing it does hurts twice. look-first: `run` finds out what was done and
   * goes on from there. ask: only a person can say; the engine asks before it runs again.
   */
  readonly afterCrash: 'run-again' | 'look-first' | 'ask';
  /** Why it cannot be left out; undefined when a person may go on without it. */
  readonly essential?: string;
  /** Asked after a failure; undefined when all of the step is meant. */
  leaveOut?(step: StepOf<K>, context: StepContext): LeaveOut | undefined;
  preview(step: StepOf<K>, context: StepContext): Promise<Preview>;
  /** Preflight: reads only, changes nothing, answers within seconds. May record what it saw, to be compared later. */
  check(step: StepOf<K>, context: CheckContext): Promise<readonly Check[]>;
  run(step: StepOf<K>, context: StepContext): Promise<Outcome<StepEnd>>;
  verify(step: StepOf<K>, context: StepContext): Promise<Outcome<readonly Check[]>>;
  /**
   * For a promise that others can break while the run stands still: looked at again before an interrupted run goes on, for every
   * step of the kind that is finished. May ask, and may put it right. A failure keeps the run where it is.
   */
  stillHolds?(step: StepOf<K>, context: StepContext): Promise<Outcome<void>>;
  /**
   * After the last step of a drill, and when an unfinished run is discarded: takes away what this step made. Of a live run that
   * is what was never put in place; nothing for a step that works in place.
   */
  cleanUp?(step: StepOf<K>, context: StepContext): Promise<readonly Check[]>;
};

export type CheckContext = Pick<
  StepContext,
  'mode' | 'world' | 'targets' | 'steps' | 'mask' | 'fact' | 'record' | 'signal' | 'runId'
> & {
  /** --snapshot, where it was given. */
  readonly wantedSnapshot: string | undefined;
  workFile(name: string): string;
};

export type StepHandlers = { readonly [K in StepKind]: StepHandler<K> };

/**
 * A step with the handler of its kind. The one cast: TypeScript cannot see that `handlers[step.kind]` takes exactly this
 * step, although the type of the table says so.
 */
export function handlerOf(handlers: StepHandlers, step: Step): StepHandler {
  return handlers[step.kind] as unknown as StepHandler;
}

export function stepId(step: Step): string {
  return step.id ?? step.kind;
}

/** A failed preflight or verification, as the failure a person is asked about. */
export function notVerified(checks: readonly Check[]): Failure {
  const bad = checks.filter((check) => check.verdict === 'failed');
  return {
    code: 'not-verified',
    message: bad.map((check) => check.text).join('. '),
    remedy: bad[0]?.remedy ?? 'Read the checks above.',
    retry: 'after-fix',
  };
}
