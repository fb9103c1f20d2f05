import type { Outcome } from '../base/failure.ts';
import type { Check } from '../base/verdict.ts';
import type { Inject } from '../journal/exercise.ts';
import type { StepHandlers } from '../kinds/handlers.ts';
import type { AnyCheckContext, AnyPreviewContext, AnyStepContext, Step } from '../kinds/kind.ts';
import type { Answer, Question } from '../ports/operator.ts';
import type { RunFolder } from '../ports/run-folder.ts';
import type { JournalWriter } from './journal-writer.ts';

/** Everything `driveRun` stands on. One is made for each process that works on a run. */
export type Engine = {
  readonly steps: readonly Step[];
  readonly handlers: StepHandlers;
  readonly journal: JournalWriter;
  readonly folder: RunFolder;
  readonly context: (step: Step, signal: AbortSignal) => AnyStepContext;
  /** Names alone: what a step says beforehand, and all that there is at a table. */
  readonly previewContext: AnyPreviewContext;
  readonly checkContext: AnyCheckContext;
  /** Told among the checks of the preflight. */
  readonly origins: readonly Check[];
  readonly title: string;
  readonly bring: readonly string[];
  /** What the operator should know of this session before it begins. */
  readonly advice: readonly string[];
  readonly live: boolean;
  /** In a drill of a runbook with a kit: what becomes of it, looked at once the steps are done. */
  readonly proveKit?: () => Promise<readonly Check[]>;
  /** A tabletop: steps are talked through and nothing is executed. Left out, steps act. */
  readonly discussion?: { readonly injects: readonly Inject[] };
  /** Aborted when the operator wants to stop: steps end at their next safe point. */
  readonly stop: AbortSignal;
  /** `answer-missing` when nobody can be asked, `cancelled` when the run is being stopped or the signal takes it back. */
  ask(question: Question, signal?: AbortSignal): Promise<Outcome<Answer>>;
};
