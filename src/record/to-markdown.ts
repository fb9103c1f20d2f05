import { formatBytes, formatDuration, formatSpan } from '../base/units.ts';
import type { Check } from '../base/verdict.ts';
import type { DrillRecord, StepRecord } from './drill-record.ts';

const titles = { live: 'Live restore', drill: 'Restore drill', tabletop: 'Tabletop exercise' } as const;

/** The record for a repository: readable as it is, and honest about what was not done. */
export function toMarkdown(record: DrillRecord): string {
  return `${[
    `# ${titles[record.mode]}: ${record.runbook.title}`,
    '',
    `**Result: ${resultWords(record)}**`,
    '',
    ...table(['', ''], identityRows(record)),
    '',
    '## Objectives',
    '',
    ...table(
      ['', 'target', 'actual', 'met'],
      [objectiveRow('RTO', record.rto, formatDuration), objectiveRow('RPO', record.rpo, formatSpan)],
    ),
    '',
    `Waiting for the operator's answers took ${formatDuration(record.window.waitedForOperatorMs)} of ${formatDuration(record.window.elapsedMs)}.`,
    '',
    '## Recovery point',
    '',
    ...recoveryPoint(record),
    '',
    '## Steps',
    '',
    ...table(['', 'step', 'outcome', 'time', 'attempts'], record.steps.map(stepRow)),
    '',
    ...record.steps.flatMap(stepSection),
    '## Preflight',
    '',
    ...checkLines(record.preflight),
    '',
    '## Questions and answers',
    '',
    ...questionLines(record),
    '',
    '## Notes',
    '',
    ...(record.notes.length === 0
      ? ['None.']
      : record.notes.map((note) => `- ${note.at} ${oneLine(note.text)}`)),
    '',
    '## Clean-up',
    '',
    ...checkLines(record.cleanUp),
    '',
    '## Evidence',
    '',
    ...table(
      ['output', 'SHA-256'],
      record.outputs.map((output) => [`output/${output.name}`, `\`${output.sha256}\``]),
    ),
    '',
    `Journal of ${record.journal.entries} entries, head \`${record.journal.head}\`. \`thaw records verify ${record.runId}\` recomputes all of it.`,
    'The chain makes tampering evident to whoever knows the head; it does not make it impossible.',
  ].join('\n')}\n`;
}

export function resultWords(record: DrillRecord): string {
  const { state, verdict, reason, rolledBack } = record.result;
  const back = rolledBack ? ', rolled back afterwards' : '';
  if (state === 'stopped') return `STOPPED, not finished${back}: ${oneLine(reason ?? '')}`;
  if (state === 'open') return 'OPEN: interrupted, not finished';
  const words = {
    passed: 'VERIFIED',
    failed: 'FAILED',
    'could-not-verify': 'COULD NOT VERIFY everything',
    skipped: 'NOTHING VERIFIED',
  };
  return `${words[verdict]}${back}`;
}

function identityRows(record: DrillRecord): readonly (readonly string[])[] {
  return [
    ['Run', record.runId],
    ['Mode', record.mode.toUpperCase()],
    ['Runbook', `${record.runbook.name}, SHA-256 \`${record.runbook.fingerprint}\``],
    ['Started', record.window.startedAt],
    ['Ended', record.window.endedAt],
    ['Production lost', record.lostAt],
    [
      'Host',
      `${record.host.name}, as ${record.host.user}${record.host.sshFrom === undefined ? '' : `, by SSH from ${record.host.sshFrom}`}`,
    ],
    ...Object.entries(record.targets).map(([name, target]) => [`Target: ${name}`, target]),
    ...(record.resumedAt.length === 0 ? [] : [['Resumed', record.resumedAt.join(', ')]]),
    ['thaw', record.thawVersion],
  ];
}

function objectiveRow(
  name: string,
  ...[objective, format]: [DrillRecord['rto'], (ms: number) => string]
): readonly string[] {
  if (objective.actualMs === undefined) return [name, format(objective.targetMs), 'not measured', '-'];
  return [
    name,
    format(objective.targetMs),
    format(objective.actualMs),
    objective.met === true ? 'yes' : '**no**',
  ];
}

function recoveryPoint(record: DrillRecord): readonly string[] {
  const point = record.recoveryPoint;
  if (point === undefined) return ['None was chosen.'];
  return table(
    ['', ''],
    [
      ['Snapshot', point.snapshot],
      ['Key', `\`${point.key}\``],
      ['From', point.takenAt],
      ['Size', formatBytes(point.sizeBytes)],
      ['Opened', point.opened],
    ],
  );
}

function stepRow(step: StepRecord): readonly string[] {
  const durations = step.attempts.map((attempt) => attempt.durationMs ?? 0);
  const time = step.attempts.length === 0 ? '-' : formatDuration(durations.reduce((sum, ms) => sum + ms, 0));
  return [String(step.number), step.title, outcomeWords(step), time, String(step.attempts.length)];
}

function outcomeWords(step: StepRecord): string {
  const word = step.outcome === 'could-not-verify' ? 'could not verify' : step.outcome;
  return step.reason === undefined ? word : `${word}: ${oneLine(step.reason)}`;
}

function stepSection(step: StepRecord): readonly string[] {
  if (step.attempts.length === 0) return [];
  return [
    `### ${step.number} ${step.title}`,
    '',
    ...step.attempts.flatMap((attempt) => [
      `Attempt ${attempt.attempt}, ${attempt.startedAt} to ${attempt.endedAt ?? 'never finished'}:`,
      '',
      ...attempt.commands.map((command) => `    $ ${oneLine(command)}`),
      ...(attempt.commands.length > 0 ? [''] : []),
      ...(attempt.failure === undefined
        ? []
        : [
            `- failed (${attempt.failure.code}): ${oneLine(attempt.failure.message)} → ${oneLine(attempt.failure.remedy)}`,
          ]),
      ...checkLines(attempt.checks),
      '',
    ]),
  ];
}

function checkLines(checks: readonly Check[]): readonly string[] {
  if (checks.length === 0) return ['- nothing was checked'];
  return checks.map((check) => {
    const word = check.verdict === 'could-not-verify' ? 'could not verify' : check.verdict;
    return `- ${word}: ${oneLine(check.text)}${check.remedy === undefined ? '' : ` → ${oneLine(check.remedy)}`}`;
  });
}

function questionLines(record: DrillRecord): readonly string[] {
  if (record.questions.length === 0) return ['None.'];
  return record.questions.map((question) => {
    const answer =
      question.answer === undefined
        ? 'not answered'
        : `"${question.answer}" by ${question.by}${question.note === undefined ? '' : `, "${oneLine(question.note)}"`}`;
    return `- ${question.askedAt} ${oneLine(question.title)} → ${answer}`;
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => oneLine(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
