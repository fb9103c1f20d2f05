import { stripVTControlCharacters } from 'node:util';
import type { Mode } from '../base/mode.ts';
import { formatDuration, formatTime } from '../base/units.ts';
import type { CheckRow } from '../session/view.ts';
import { checkWord, modeWord, statusWords } from '../session/words.ts';
import type { PlainLine } from './plain-line.ts';
import { questionText } from './question-text.ts';

const banners: Readonly<Record<Mode, string>> = {
  live: 'LIVE: this run touches the production targets.',
  drill: 'DRILL: this run touches a throwaway copy only.',
  tabletop: 'TABLETOP: this run touches nothing.',
};

/**
 * One fact as lines of text. Words only, and every line ends with a full stop where a voice should pause: a screen
 * reader reads this output too.
 */
export function printLine(line: PlainLine): readonly string[] {
  const clock = new Date(line.atMs).toISOString().slice(11, 19);
  return textOf(line).map((text) => (text === '' ? '' : `${clock} ${cleanLine(text)}`));
}

/** What programs print may carry escape sequences; they never reach the operator's terminal. */
function cleanLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\t/g, '  ')
    .replace(/\p{Cc}/gu, '');
}

function textOf(line: PlainLine): readonly string[] {
  switch (line.type) {
    case 'thaw':
      return [
        banners[line.mode],
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
    case 'answered': {
      const note = line.note === undefined ? '' : `: ${line.note}`;
      return [`answered ${line.questionId}: ${line.value}${note} (by ${byWords[line.by]})`];
    }
    case 'note':
      return [`note: ${line.text}`];
    case 'ended':
      return [
        ...line.summary,
        ...(line.recordPath === undefined ? [] : [`record: ${line.recordPath}`]),
        line.phase === 'finished' ? 'The walk is over.' : 'Stopped at a safe point.',
        banners[line.mode],
      ];
    default:
      return stepText(line);
  }
}

const byWords = { operator: 'the operator', option: 'an option', rehearsal: 'the rehearsal' } as const;

type StepLine = Extract<PlainLine, { readonly step: string }>;

function stepText(line: StepLine): readonly string[] {
  const name = `${modeWord(line.mode)} step ${line.number} of ${line.of}, ${line.title}`;
  switch (line.type) {
    case 'step-started':
      return [`${name}: begun${line.attempt > 1 ? `, attempt ${line.attempt}` : ''}`];
    case 'step-interrupted':
      return [`${name}: ${statusWords.interrupted}, and its end is not known`];
    case 'step-ended': {
      const time = line.durationMs === undefined ? '' : ` after ${formatDuration(line.durationMs)}`;
      return [
        `${name}: ${statusWords[line.status]}${time}${line.attempt > 1 ? `, attempt ${line.attempt}` : ''}`,
      ];
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
      return [`[${line.step}] ${line.text}`];
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
      ];
  }
}

function checkText(prefix: string, check: CheckRow): readonly string[] {
  const remedy = check.remedy !== undefined && check.verdict !== 'passed' ? check.remedy : undefined;
  return [
    `${prefix} ${checkWord(check.verdict)}: ${check.text}`,
    ...(remedy === undefined ? [] : [`${prefix} to do: ${remedy}`]),
  ];
}
