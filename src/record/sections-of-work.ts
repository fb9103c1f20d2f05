import type { DrillRecord, StepRecord } from './record-schema.ts';
import { recordedValue } from './recorded.ts';
import { sayDuration } from './say-duration.ts';
import {
  type Block,
  type Cell,
  code,
  listOr,
  type Section,
  say,
  sayCheck,
  sayField,
  sayVerdict,
} from './section.ts';

/** The middle: what was done, step by step, and what went otherwise. */
export function sectionsOfWork(record: DrillRecord): readonly Section[] {
  return [
    { title: 'Steps', level: 2, blocks: [stepTable(record)] },
    ...budgetSections(record),
    ...record.steps
      .filter(({ attempts }) => attempts.length > 0)
      .map((step) => stepSection(step, record.mode)),
    ...(record.mode === 'tabletop' ? [decisions(record)] : []),
    { title: 'Deviations', level: 2, blocks: [deviations(record)] },
    { title: 'Verification', level: 2, blocks: [verification(record)] },
    {
      title: 'Preflight',
      level: 2,
      blocks: [
        listOr(
          record.preflight.map(sayCheck),
          record.mode === 'tabletop' ? 'Not recorded: a tabletop checks nothing.' : 'Nothing was checked.',
        ),
      ],
    },
  ];
}

function stepTable({ steps }: DrillRecord): Block {
  return {
    kind: 'table',
    head: ['', 'step', 'outcome', 'time', 'waited', 'attempts', 'by', 'pace'],
    rows: steps.map((step) => {
      const sum = (take: (attempt: StepRecord['attempts'][number]) => number) =>
        sayDuration(step.attempts.reduce((total, attempt) => total + take(attempt), 0));
      return [
        say(String(step.number)),
        say(step.title),
        sayVerdict(step.outcome, step.reason),
        say(step.attempts.length === 0 ? '-' : sum(({ durationMs }) => durationMs ?? 0)),
        say(step.attempts.length === 0 ? '-' : sum(({ waitedForOperatorMs }) => waitedForOperatorMs)),
        say(String(step.attempts.length)),
        say(step.by),
        sayPace(step),
      ];
    }),
  };
}

function sayPace({ pace, usually }: StepRecord): Cell {
  if ('notRecorded' in pace) return say(pace.notRecorded, 'quiet');
  const { workedMs, isFarBeyond } = pace.value;
  const past = recordedValue(usually);
  const words = [
    `${isFarBeyond ? 'FAR BEYOND its past: ' : ''}${sayDuration(workedMs)}`,
    ...(past === undefined
      ? []
      : [
          `usually ${sayDuration(past.medianMs)}, at most ${sayDuration(past.longestMs)} in ${past.runs} earlier runs`,
        ]),
  ];
  return say(words.join('; '), isFarBeyond ? 'unsure' : 'quiet');
}

/** The timetable of the runbook beside what was measured, and its sum beside the RTO: a plan may promise more than it can keep. */
function budgetSections({ steps, rto }: DrillRecord): readonly Section[] {
  const planned = steps.filter(({ budgetMs }) => budgetMs !== undefined);
  if (planned.length === 0) return [];
  const totalMs = planned.reduce((sum, { budgetMs }) => sum + (budgetMs ?? 0), 0);
  const over = totalMs - rto.targetMs;
  return [
    {
      title: 'Timetable',
      level: 2,
      blocks: [
        {
          kind: 'table',
          head: ['', 'step', 'role', 'budget', 'took'],
          rows: planned.map(({ number, title, role, budgetMs, attempts }) => {
            const tookMs = attempts.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
            const late = tookMs > (budgetMs ?? 0);
            return [
              say(String(number)),
              say(title),
              say(role ?? '-'),
              say(sayDuration(budgetMs ?? 0)),
              attempts.length === 0 ? say('-') : say(sayDuration(tookMs), late ? 'unsure' : undefined),
            ];
          }),
        },
        {
          kind: 'text',
          text: `The budgets of ${planned.length} steps add up to ${sayDuration(totalMs)} one after the other, ${
            over > 0
              ? `${sayDuration(over)} more than the RTO of ${sayDuration(rto.targetMs)}: it is kept only where steps go beside each other or end early`
              : `within the RTO of ${sayDuration(rto.targetMs)}`
          }.`,
        },
      ],
    },
  ];
}

function stepSection(step: StepRecord, mode: DrillRecord['mode']): Section {
  const would = mode === 'tabletop' ? 'Would have done' : 'Said beforehand';
  return {
    title: `${step.number} ${step.title}`,
    level: 3,
    blocks: [
      {
        kind: 'facts',
        rows: [
          ['Operator', sayField(step.operator)],
          ['Output', sayField(step.output, ({ path, sha256 }) => `${path}, SHA-256 ${sha256}`)],
        ],
      },
      ...step.attempts.flatMap((attempt): readonly Block[] => [
        {
          kind: 'text',
          text: `Attempt ${attempt.attempt}, ${attempt.startedAt} to ${attempt.endedAt ?? 'never finished'}. ${would}: ${attempt.expected.join(' ') || 'nothing'}`,
        },
        ...commandLines(mode === 'tabletop' ? attempt.wouldRun : attempt.commands),
        ...(attempt.programs.length === 0 ? [] : [programs(attempt.programs)]),
        ...(attempt.failure === undefined
          ? []
          : [
              listOr(
                [
                  say(
                    `failed (${attempt.failure.code}): ${attempt.failure.message} → ${attempt.failure.remedy}`,
                    'bad',
                  ),
                ],
                '',
              ),
            ]),
        ...(mode === 'tabletop' ? [] : [listOr(attempt.checks.map(sayCheck), 'Nothing was checked.')]),
      ]),
    ],
  };
}

function commandLines(lines: readonly string[]): readonly Block[] {
  return lines.length === 0 ? [] : [{ kind: 'commands', lines }];
}

function programs(ran: StepRecord['attempts'][number]['programs']): Block {
  return {
    kind: 'table',
    head: ['program', 'exit status', 'time'],
    rows: ran.map(({ command, exitCode, durationMs }) => [
      code(command),
      sayField(exitCode, (status) => say(String(status), status === 0 ? 'good' : 'unsure')),
      say(sayDuration(durationMs)),
    ]),
  };
}

function decisions(record: DrillRecord): Section {
  return {
    title: 'Decisions',
    level: 2,
    blocks: [
      {
        kind: 'table',
        head: ['step', 'inject', 'decision', 'note', 'time'],
        rows: record.decisions.map(({ stepId, inject, decision, note, tookMs, gap }) => [
          say(stepId),
          say(inject ?? '-'),
          gap ? say('GAP', 'bad') : say(decision.replaceAll('-', ' ')),
          say(note ?? '-'),
          say(sayDuration(tookMs)),
        ]),
      },
    ],
  };
}

function deviations(record: DrillRecord): Block {
  if (record.deviations.length === 0)
    return { kind: 'text', text: 'None: everything went as the runbook says.' };
  return {
    kind: 'table',
    head: ['step', 'what', 'why', 'approved by', 'runbook change'],
    rows: record.deviations.map(({ stepId, what, why, approvedBy, runbookChange }) => [
      say(stepId),
      say(what),
      say(why),
      sayField(approvedBy),
      sayField(runbookChange),
    ]),
  };
}

function verification(record: DrillRecord): Block {
  if (record.verification.length === 0) return { kind: 'text', text: 'Not recorded: nothing was executed.' };
  return {
    kind: 'table',
    head: ['step', 'check', 'command', 'expected', 'actual', 'status'],
    rows: record.verification.map(({ stepId, text, command, expected, actual, verdict }) => [
      say(stepId),
      say(text),
      'value' in command ? code(command.value) : say('-', 'quiet'),
      'value' in expected ? say(expected.value) : say('-', 'quiet'),
      'value' in actual ? say(actual.value) : say('-', 'quiet'),
      sayVerdict(verdict),
    ]),
  };
}
