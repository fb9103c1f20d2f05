import type { FailureCode } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import type { Answer, Question } from '../ports/operator.ts';
import type { CheckRow, StepStatus, View } from '../session/view.ts';

/** Bumped when a line changes its meaning; new kinds and new fields do not bump it. */
export const plainVersion = 1;

/** One line of the plain output as data. The JSON lines are these, one object a line. */
export type PlainLine =
  | {
      readonly type: 'thaw';
      readonly version: typeof plainVersion;
      readonly mode: Mode;
      readonly title: string;
      readonly runId: string;
      readonly target: string;
      readonly atMs: number;
      readonly steps: number;
      readonly advice?: readonly string[];
    }
  | (At & { readonly type: 'preflight-check' } & CheckRow)
  | (AtStep & { readonly type: 'step-started'; readonly attempt: number })
  | (AtStep & { readonly type: 'sentence'; readonly text: string })
  | (AtStep & { readonly type: 'command'; readonly command: string })
  | (AtStep & { readonly type: 'output'; readonly text: string })
  | (AtStep & { readonly type: 'output-left-out'; readonly outputPath: string })
  | (AtStep & { readonly type: 'check' } & CheckRow)
  | (AtStep & { readonly type: 'stalled'; readonly label: string; readonly text: string })
  | (AtStep & {
      readonly type: 'failure';
      readonly message: string;
      readonly remedy: string;
      readonly detail?: string;
      readonly code?: FailureCode;
      readonly outputPath: string;
    })
  | (AtStep & { readonly type: 'step-interrupted' })
  | (AtStep & {
      readonly type: 'step-ended';
      readonly status: Exclude<StepStatus, 'pending' | 'running' | 'interrupted'>;
      readonly attempt: number;
      readonly durationMs?: number;
    })
  | (AtStep & {
      readonly type: 'heartbeat';
      readonly durationMs: number;
      readonly progress: readonly string[];
    })
  | (At & { readonly type: 'question'; readonly question: Question; readonly option: string })
  | (At & {
      readonly type: 'answered';
      readonly questionId: string;
      readonly title: string;
      readonly value: string;
      readonly note?: string;
      readonly by: Answer['by'];
    })
  | (At & { readonly type: 'note'; readonly text: string })
  | (At & {
      readonly type: 'ended';
      readonly phase: 'finished' | 'stopped';
      readonly mode: Mode;
      readonly summary: readonly string[];
      readonly recordPath?: string;
    });

type At = { readonly mode: Mode; readonly atMs: number };

type AtStep = At & {
  readonly step: string;
  readonly number: number;
  readonly of: number;
  readonly title: string;
};

export function stepFields(
  view: View,
  step: { readonly id: string; readonly number: number; readonly title: string },
): AtStep {
  return {
    mode: view.mode,
    atMs: view.nowMs,
    step: step.id,
    number: step.number,
    of: view.steps.length,
    title: step.title,
  };
}
