import type { CheckRow, StepDetail, StepRow, View } from '../session/view.ts';
import { optionFor } from './answer-from-flags.ts';
import { newOutput } from './new-output.ts';
import { type PlainLine, plainVersion, stepFields } from './plain-line.ts';

/**
 * What happened between two looks, as lines. The first look tells the whole beginning. Each fact and each line of
 * output is told exactly once, whatever happened between the looks.
 */
export function linesBetween(before: View | undefined, after: View): readonly PlainLine[] {
  if (before === after) return [];
  const at = { mode: after.mode, atMs: after.nowMs };
  return [
    ...(before === undefined ? [firstLine(after)] : []),
    ...newChecks(before?.checks ?? [], after.checks).map((check) => ({
      type: 'preflight-check' as const,
      ...at,
      ...check,
    })),
    ...answeredLines(before, after),
    ...after.notes.slice(before?.notes.length ?? 0).map((text) => ({ type: 'note' as const, ...at, text })),
    ...after.steps.flatMap((step) => stepLines({ before, after, step })),
    ...questionLines(before, after),
    ...endLines(before, after),
  ];
}

function firstLine(view: View): PlainLine {
  const { mode, title, runId, target, nowMs: atMs } = view;
  const advice = view.advice === undefined ? {} : { advice: view.advice };
  return {
    type: 'thaw',
    version: plainVersion,
    mode,
    title,
    runId,
    target,
    atMs,
    steps: view.steps.length,
    ...advice,
  };
}

/** A check is told when its verdict is there; one that is still being made is not. */
function newChecks(before: readonly CheckRow[], after: readonly CheckRow[]): readonly CheckRow[] {
  const told = new Map<string, number>();
  const key = (check: CheckRow) => `${check.verdict} ${check.text}`;
  for (const check of before) told.set(key(check), (told.get(key(check)) ?? 0) + 1);
  return after.filter((check) => {
    const count = told.get(key(check)) ?? 0;
    if (count > 0) told.set(key(check), count - 1);
    return count === 0 && check.verdict !== 'running';
  });
}

function answeredLines(before: View | undefined, after: View): readonly PlainLine[] {
  const at = { mode: after.mode, atMs: after.nowMs };
  const rows = (after.answered ?? []).slice(before?.answered?.length ?? 0);
  return rows.map((row) => ({ type: 'answered', ...at, ...row }));
}

function questionLines(before: View | undefined, after: View): readonly PlainLine[] {
  const { question } = after;
  if (question === undefined) return [];
  const answered = (after.answered?.length ?? 0) > (before?.answered?.length ?? 0);
  if (before?.question?.id === question.id && !answered) return [];
  return [{ type: 'question', mode: after.mode, atMs: after.nowMs, question, option: optionFor(question) }];
}

type StepChange = { readonly before: View | undefined; readonly after: View; readonly step: StepRow };

function stepLines({ before, after, step }: StepChange): readonly PlainLine[] {
  const old = before?.steps.find((row) => row.id === step.id);
  const oldDetail = before?.details[step.id];
  const detail = after.details[step.id];
  const at = stepFields(after, step);
  const started = hasStarted(old, step);
  const changed = old?.status !== step.status || old.attempt !== step.attempt;
  // Steps that ended before the first look are named, their work is not told again.
  const told = step.status !== 'pending' && (before !== undefined || step.status === 'running');
  const seen =
    old === undefined || old.status === 'pending' ? undefined : started ? anew(oldDetail) : oldDetail;
  return [
    ...(started ? [{ type: 'step-started' as const, ...at, attempt: step.attempt }] : []),
    ...(detail !== undefined && told ? detailLines({ before: seen, after: detail, at }) : []),
    ...failureLines({ failed: changed && hasEnded(step), before: oldDetail, after: detail, at }),
    ...(changed ? statusLines(step, at) : []),
  ];
}

type StepPlace = ReturnType<typeof stepFields>;

const hasEnded = (step: StepRow) => step.status !== 'pending' && step.status !== 'running';

/** A new attempt says again what it does. */
function anew(detail: StepDetail | undefined): StepDetail | undefined {
  return detail === undefined ? undefined : { ...detail, sentences: [], commands: [] };
}

/** Skipped without having begun, or ended before the first look: there is no beginning to tell. */
function hasStarted(old: StepRow | undefined, step: StepRow): boolean {
  if (step.status === 'pending' || step.attempt === 0) return false;
  if (old === undefined) return step.status === 'running';
  if (step.attempt > old.attempt) return true;
  return old.status !== 'running' && step.status === 'running';
}

function detailLines(change: {
  readonly before: StepDetail | undefined;
  readonly after: StepDetail;
  readonly at: StepPlace;
}): readonly PlainLine[] {
  const { before, after, at } = change;
  const fresh = (old: readonly string[] | undefined, now: readonly string[]) =>
    now.filter((text) => !(old ?? []).includes(text));
  const { lines, gap } = newOutput(before?.output ?? [], after.output);
  const cleared = (before?.output.length ?? 0) > after.output.length;
  return [
    ...fresh(before?.sentences, after.sentences).map((text) => ({ type: 'sentence' as const, ...at, text })),
    ...fresh(before?.commands, after.commands).map((command) => ({
      type: 'command' as const,
      ...at,
      command,
    })),
    ...(gap && !cleared ? [{ type: 'output-left-out' as const, ...at, outputPath: after.outputPath }] : []),
    ...lines.map((line) => ({ type: 'output' as const, ...at, atMs: line.atMs, text: line.text })),
    ...stalledLines({ before, after, at }),
    ...newChecks(before?.checks ?? [], after.checks).map((check) => ({
      type: 'check' as const,
      ...at,
      ...check,
    })),
  ];
}

type DetailChange = {
  readonly before: StepDetail | undefined;
  readonly after: StepDetail;
  readonly at: StepPlace;
};

function stalledLines({ before, after, at }: DetailChange): readonly PlainLine[] {
  const wasStalled = new Set(
    (before?.progress ?? []).filter((bar) => bar.stalled !== undefined).map((bar) => bar.label),
  );
  return after.progress.flatMap((bar) =>
    bar.stalled === undefined || wasStalled.has(bar.label)
      ? []
      : [{ type: 'stalled' as const, ...at, label: bar.label, text: bar.stalled }],
  );
}

/** Told when the step ends with it, or when it becomes known later. */
function failureLines(change: {
  readonly failed: boolean;
  readonly before: StepDetail | undefined;
  readonly after: StepDetail | undefined;
  readonly at: StepPlace;
}): readonly PlainLine[] {
  const { after, at } = change;
  const failure = after?.failure;
  if (failure === undefined || after === undefined) return [];
  if (!change.failed && failure.message === change.before?.failure?.message) return [];
  return [{ type: 'failure', ...at, ...failure, outputPath: after.outputPath }];
}

function statusLines(step: StepRow, at: StepPlace): readonly PlainLine[] {
  const { status, attempt, durationMs } = step;
  if (status === 'pending' || status === 'running') return [];
  if (status === 'interrupted') return [{ type: 'step-interrupted', ...at }];
  return [
    { type: 'step-ended', ...at, status, attempt, ...(durationMs === undefined ? {} : { durationMs }) },
  ];
}

function endLines(before: View | undefined, after: View): readonly PlainLine[] {
  const { phase, mode, nowMs: atMs, summary, recordPath } = after;
  if (phase !== 'finished' && phase !== 'stopped') return [];
  if (before?.phase === phase) return [];
  return [{ type: 'ended', phase, mode, atMs, summary, ...(recordPath === undefined ? {} : { recordPath }) }];
}
