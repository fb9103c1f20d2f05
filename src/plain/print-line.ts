import { cleanJson, cleanText } from '../base/clean-text.ts';
import type { Mode } from '../base/mode.ts';
import { formatDuration, formatTime } from '../base/units.ts';
import type { Choice, Question } from '../ports/operator.ts';
import { attestations, choiceRemark } from '../session/question-words.ts';
import type { CheckRow } from '../session/view.ts';
import {
  answerWords,
  attemptWords,
  checkWord,
  endWords,
  modePromises,
  modeWord,
  remedyOf,
  statusWords,
} from '../session/words.ts';
import type { PlainLine } from './plain-line.ts';

function banner(mode: Mode): string {
  return `${modeWord(mode)}: ${modePromises[mode]}`;
}

/**
 * One fact as lines of text. Words only, and every line ends with a full stop where a voice should pause: a screen
 * reader reads this output too.
 */
export function printLine(line: PlainLine): readonly string[] {
  const clock = new Date(line.atMs).toISOString().slice(11, 19);
  return textOf(line).map((text) => (text === '' ? '' : `${clock} ${cleanText(text)}`));
}

function textOf(line: PlainLine): readonly string[] {
  switch (line.type) {
    case 'thaw':
      return [
        banner(line.mode),
        `thaw ${line.title}, run ${line.runId}, ${line.steps} steps, ${formatTime(line.atMs)}`,
        `target: ${line.target}`,
        ...(line.advice ?? []),
      ];
    case 'preflight-check':
      return checkText('before the walk', line);
    case 'question':
      return [
        `question ${line.question.id}: ${questionText(line.question)[0] ?? ''}`,
        ...questionText(line.question)
          .slice(1)
          .map((text) => `  ${text}`),
        `  answered by ${line.option}`,
      ];
    case 'answered':
      return [`answered ${line.questionId}: ${answerWords(line)}`];
    case 'note':
      return [`note: ${line.text}`];
    case 'ended':
      return [
        ...line.summary,
        ...(line.recordPath === undefined ? [] : [`record: ${line.recordPath}`]),
        `${endWords(line.phase)}.`,
        banner(line.mode),
      ];
    default:
      return stepText(line);
  }
}

type StepLine = Extract<PlainLine, { readonly step: string }>;

function stepText(line: StepLine): readonly string[] {
  const name = `${modeWord(line.mode)} step ${line.number} of ${line.of}, ${line.title}`;
  switch (line.type) {
    case 'step-started':
      return [`${name}: begun${attemptWords(line)}`];
    case 'step-interrupted':
      return [`${name}: ${statusWords.interrupted}, and its end is not known`];
    case 'step-ended': {
      const time = line.durationMs === undefined ? '' : ` after ${formatDuration(line.durationMs)}`;
      return [`${name}: ${statusWords[line.status]}${time}${attemptWords(line)}`];
    }
    case 'heartbeat': {
      const progress = line.progress.map((text) => `, ${text}`).join('');
      return [`${name}: still at work, ${formatDuration(line.durationMs)}${progress}`];
    }
    case 'sentence':
      return [`[${line.step}] ${line.text}`];
    case 'command':
      return [`[${line.step}] $ ${line.command}`];
    case 'output':
      // Behind a bar, as all that a program says: it can never be read as a word of ours.
      return [`[${line.step}] | ${line.text}`];
    case 'output-left-out':
      return [`[${line.step}] (some lines were left out here; the file has them all: ${line.outputPath})`];
    case 'stalled':
      return [`[${line.step}] ${line.label} stalled: ${line.text}`];
    case 'check':
      return checkText(`[${line.step}]`, line);
    case 'failure':
      return [
        `[${line.step}] failed: ${line.message}`,
        `[${line.step}] to do: ${line.remedy}`,
        ...(line.detail ?? '')
          .split('\n')
          .flatMap((text) => (text === '' ? [] : [`[${line.step}] | ${text}`])),
        `[${line.step}] output: ${line.outputPath}`,
        ...(line.code === undefined ? [] : [`[${line.step}] more: thaw explain ${line.code}`]),
      ];
  }
}

function checkText(prefix: string, check: CheckRow): readonly string[] {
  const remedy = remedyOf(check);
  return [
    `${prefix} ${checkWord(check.verdict)}: ${check.text}`,
    ...(remedy === undefined ? [] : [`${prefix} to do: ${remedy}`]),
  ];
}

/** The question as lines of text, its choices numbered, so that it can be read aloud and answered by a number. */
function questionText(question: Question): readonly string[] {
  return [question.title, ...question.body, ...particulars(question)];
}

function particulars(question: Question): readonly string[] {
  switch (question.kind) {
    case 'choose':
      return numbered(question.choices, question.preferred);
    case 'failure':
      return [
        ...question.lastLines.map((line) => `| ${line}`),
        `To do: ${question.remedy}`,
        ...numbered(question.choices),
      ];
    case 'choose-row': {
      const rows = question.rows.map((row) => ({
        ...row,
        label: question.columns.map((column, index) => `${column} ${row.cells[index] ?? '-'}`).join(', '),
      }));
      const about = question.preferred === undefined ? undefined : question.about[question.preferred];
      return [...numbered(rows, question.preferred), ...(about === undefined ? [] : [about])];
    }
    case 'type-name':
      return question.facts.map((fact) => `${fact.label}: ${fact.value}`);
    case 'attest':
      return attestations.map(({ value, means }) => `${value}: ${means}`);
    case 'confirm':
      return [];
  }
}

function numbered(choices: readonly Choice[], preferred?: string): readonly string[] {
  return choices.map((choice, index) => {
    const marks = [
      ...(choice.value === preferred ? ['proposed'] : []),
      ...[choiceRemark(choice)].filter((remark) => remark !== undefined),
    ];
    return `${index + 1}. ${choice.label}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}`;
  });
}

/** One object a line. `atMs` becomes `at`, a time in UTC that people and programs both read. */
export function printJsonLine(line: PlainLine): string {
  const { type, atMs, ...rest } = line;
  const version = 'version' in rest ? { version: rest.version } : {};
  return cleanJson(JSON.stringify({ type, ...version, at: new Date(atMs).toISOString(), ...rest }));
}
