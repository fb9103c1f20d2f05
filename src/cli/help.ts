import { exitStatus, type StatusName, statusWords } from '../app/exit-status.ts';
import { everywhere, type OptionName, optionOf } from '../app/options.ts';
import { type Command, sayCommand, sayOperands } from '../commands/command.ts';
import type { CommandGroup } from '../commands/list.ts';

const width = 100;
const column = 30;

/** Every command on one screenful, and how to learn more. */
export function renderOverview(groups: readonly CommandGroup[]): string {
  const commands = groups.flatMap((group) => group.commands);
  return [
    'thaw: a guided cold restore',
    '',
    ...groups.flatMap(({ title, commands }) => [
      title,
      ...commands.map((command) => row(usageOf(command), command.about)),
      '',
    ]),
    ...paragraph(
      '`thaw COMMAND --help` shows what a command takes, with examples. A command refuses options that are not its own. RUNBOOK is a name under runbooks/, here, in ~/.config/thaw or /etc/thaw, or a path.',
    ),
    '',
    'Every command takes',
    ...everywhere.map((name) => optionRow(name)),
    '',
    'Exit status',
    ...allStatuses(commands).map((name) => row(String(exitStatus[name]), statusWords[name])),
    '',
  ].join('\n');
}

/** One command: how it is typed, what it does, what it takes, what comes out. */
export function renderHelp(command: Command): string {
  const { about, more = [], operands, options, either, examples } = command;
  const own = options.filter((name) => !isEverywhere(name));
  const common = options.filter(isEverywhere);
  return [
    `${usageOf(command)}${sayNeeds(command)} [OPTIONS]`,
    '',
    `  ${about}`,
    ...more.flatMap((text) => ['', ...paragraph(text, '  ')]),
    ...section(
      'Operands',
      operands.map(({ word, about: what }) => row(word, what)),
    ),
    ...section('Options', [
      ...own.map((name) => optionRow(name)),
      ...either.map((group) => `  At most one of ${group.map(flagOf).join(', ')}.`),
    ]),
    ...section(
      'As everywhere',
      common.map((name) => optionRow(name)),
    ),
    ...section(
      'Examples',
      examples.flatMap(({ line, about: what }) => [`  ${line}`, `      ${what}`]),
    ),
    ...section(
      'Exit status',
      statusesOf(command).map(({ status, words }) => row(String(status), words)),
    ),
    '',
  ].join('\n');
}

/** thaw verify RUNBOOK */
export function usageOf(command: Command): string {
  return `${sayCommand(command)} ${sayOperands(command)}`.trim();
}

/** The options without which it does not begin. */
function sayNeeds({ needs }: Command): string {
  return needs.map((name) => ` ${sayOption(name)}`).join('');
}

export function isEverywhere(name: OptionName): boolean {
  return everywhere.some((one) => one === name);
}

export function flagOf(name: OptionName): string {
  return `--${optionOf(name).flag}`;
}

/** --snapshot ID|latest */
export function sayOption(name: OptionName): string {
  const { value } = optionOf(name);
  return `${flagOf(name)}${value === undefined ? '' : ` ${value}`}`;
}

/** In the order of their numbers; wrong usage and a bug of ours belong to every command. */
export function statusesOf(command: Command): readonly { readonly status: number; readonly words: string }[] {
  const words: Readonly<Partial<Record<StatusName, string>>> = {
    usage: statusWords.usage,
    bug: statusWords.bug,
    ...command.statuses,
  };
  return allStatuses([command]).map((name) => ({
    status: exitStatus[name],
    words: words[name] ?? statusWords[name],
  }));
}

function allStatuses(commands: readonly Command[]): readonly StatusName[] {
  const names = new Set(['usage', 'bug', ...commands.flatMap(({ statuses }) => Object.keys(statuses))]);
  return (Object.keys(exitStatus) as StatusName[]).filter((name) => names.has(name));
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function optionRow(name: OptionName): string {
  const { short, help } = optionOf(name);
  return row(`${short === undefined ? '' : `-${short}, `}${sayOption(name)}`, help);
}

function row(left: string, right: string): string {
  const start = `  ${left}`;
  const [first = '', ...more] = wrap(right, width - column);
  const indented = more.map((line) => `\n${' '.repeat(column)}${line}`).join('');
  return start.length < column - 1
    ? `${start.padEnd(column)}${first}${indented}`
    : `${start}\n${' '.repeat(column)}${first}${indented}`;
}

function paragraph(text: string, indent = ''): readonly string[] {
  return wrap(text, width - indent.length).map((line) => `${indent}${line}`);
}

function wrap(text: string, at: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > at) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
