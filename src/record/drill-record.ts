import type { Mode } from '../base/mode.ts';
import type { Check, Verdict } from '../base/verdict.ts';

/** The record of one run, drawn from its journal alone: whoever has the journal can draw it again and compare. */
export const recordVersion = 1;

export type DrillRecord = {
  readonly recordVersion: number;
  readonly runId: string;
  readonly mode: Mode;
  readonly thawVersion: string;
  readonly runbook: {
    readonly name: string;
    readonly title: string;
    readonly path: string;
    readonly fingerprint: string;
  };
  readonly host: { readonly name: string; readonly user: string; readonly sshFrom?: string };
  readonly targets: Readonly<Record<string, string>>;
  readonly window: {
    readonly startedAt: string;
    readonly endedAt: string;
    readonly elapsedMs: number;
    readonly waitedForOperatorMs: number;
  };
  readonly result: {
    readonly state: 'finished' | 'stopped' | 'open';
    readonly verdict: Verdict;
    readonly reason?: string;
    readonly rolledBack: boolean;
  };
  /** Measured for live and drill runs that finished; a tabletop measures nothing. */
  readonly rto: { readonly targetMs: number; readonly actualMs?: number; readonly met?: boolean };
  readonly rpo: { readonly targetMs: number; readonly actualMs?: number; readonly met?: boolean };
  readonly recoveryPoint?: {
    readonly snapshot: string;
    readonly key: string;
    readonly takenAt: string;
    readonly sizeBytes: number;
    readonly opened: string;
  };
  readonly lostAt: string;
  readonly preflight: readonly (Check & { readonly stepId: string })[];
  readonly steps: readonly StepRecord[];
  readonly questions: readonly QuestionRecord[];
  readonly notes: readonly { readonly at: string; readonly text: string }[];
  readonly resumedAt: readonly string[];
  readonly cleanUp: readonly Check[];
  readonly outputs: readonly { readonly name: string; readonly sha256: string }[];
  readonly journal: { readonly entries: number; readonly head: string };
};

export type StepRecord = {
  readonly number: number;
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly outcome: Verdict | 'pending' | 'interrupted';
  readonly reason?: string;
  readonly attempts: readonly AttemptRecord[];
};

export type AttemptRecord = {
  readonly attempt: number;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly durationMs?: number;
  readonly commands: readonly string[];
  readonly checks: readonly Check[];
  readonly failure?: { readonly code: string; readonly message: string; readonly remedy: string };
};

export type QuestionRecord = {
  readonly id: string;
  readonly title: string;
  readonly askedAt: string;
  readonly answeredAt?: string;
  readonly answer?: string;
  readonly note?: string;
  readonly by?: string;
};
