import { exitStatus, type StatusName, statusWords } from '../app/exit-status.ts';
import { defaultLogFolder, everywhere, type OptionName, optionOf } from '../app/options.ts';
import { type Command, type ManPage, sayCommand } from '../commands/command.ts';
import type { CommandGroup } from '../commands/list.ts';
import { isEverywhere, statusesOf } from './help.ts';

/** Plain roff with the macros of man(7), which man-db, mandoc and BSD all read. No date is in it, so that the same program writes the same page. */

/** thaw(1): what the program is, and where each command is described. */
export function renderFirstPage(groups: readonly CommandGroup[], version: string): ManPage {
  return {
    file: 'thaw.1',
    text: roff([
      head('thaw', version),
      ['.SH NAME', 'thaw \\- a guided cold restore'],
      ['.SH SYNOPSIS', '.B thaw', '.RI [ COMMAND ]', '.RI [ OPERANDS ]', '.RI [ OPTIONS ]'],
      [
        '.SH DESCRIPTION',
        plain(
          'Production is gone, one operator is at a terminal with the off-site backup credentials, a key and a clean host. thaw walks that person through the restore: every step shows what it will do, does it, and checks what it promised. The same walk serves drills that leave a dated record, and tabletop exercises that touch nothing.',
        ),
      ],
      ...groups.map(({ title, commands }) => [
        `.SH ${quoted(title.toUpperCase())}`,
        ...commands.flatMap((command) => [
          '.TP',
          `.BR ${pageName(command).replaceAll('-', '\\-')} (1)`,
          plain(command.about),
        ]),
      ]),
      ['.SH OPTIONS', plain('Every command takes these:'), ...everywhere.flatMap(optionRows)],
      ['.SH EXIT STATUS', ...(Object.keys(exitStatus) as StatusName[]).flatMap(statusRows)],
      [
        '.SH FILES',
        ...tagged('runbooks/*.yaml', 'the runbooks of the folder one stands in; others come along'),
        ...tagged(`${defaultLogFolder}/`, 'one folder a run, its record, and the index of all'),
      ],
      [
        '.SH ENVIRONMENT',
        ...tagged('NO_COLOR', 'no colours'),
        ...tagged('TERM', 'dumb: lines instead of the screen'),
        plain('The inputs of a runbook are read from the environment, too; --env-file goes before it.'),
      ],
    ]),
  };
}

/** thaw-records-sign(1): everything about one command. */
export function renderCommandPage(command: Command, version: string): ManPage {
  const { about, more = [], operands, options, either, examples } = command;
  const name = pageName(command);
  return {
    file: `${name}.1`,
    text: roff([
      head(name, version),
      ['.SH NAME', `${name.replaceAll('-', '\\-')} \\- ${plain(about)}`],
      ['.SH SYNOPSIS', `.B ${words(sayCommand(command))}`, ...synopsis(command)],
      ['.SH DESCRIPTION', ...(more.length === 0 ? [sentence(about)] : more.map(plain)).flatMap(apart)],
      operands.length === 0
        ? []
        : ['.SH OPERANDS', ...operands.flatMap((one) => ['.TP', `.I ${words(one.word)}`, plain(one.about)])],
      [
        '.SH OPTIONS',
        ...options.filter((one) => !isEverywhere(one)).flatMap(optionRows),
        ...either.flatMap((group) => [
          '.P',
          `At most one of ${group.map((one) => `\\fB${dashed(optionOf(one).flag)}\\fR`).join(', ')}.`,
        ]),
        '.P',
        'As every command takes them:',
        ...options.filter(isEverywhere).flatMap(optionRows),
      ],
      [
        '.SH EXIT STATUS',
        ...statusesOf(command).flatMap(({ status, words: meaning }) => tagged(String(status), meaning)),
      ],
      [
        '.SH EXAMPLES',
        ...examples.flatMap(({ line, about: what }) => [
          '.P',
          sentence(what),
          ...['.P', '.RS', '.nf', plain(line).replaceAll('-', '\\-'), '.fi', '.RE'],
        ]),
      ],
      ['.SH SEE ALSO', '.BR thaw (1)'],
    ]),
  };
}

function head(name: string, version: string): readonly string[] {
  return [
    '.\\" Written by `thaw man` from the declarations of the commands.',
    `.TH ${quoted(name.toUpperCase())} 1 "" ${quoted(`thaw ${version}`)} "thaw"`,
  ];
}

function pageName({ name }: Command): string {
  return `thaw-${name.replaceAll(' ', '-')}`;
}

function synopsis({ operands, needs }: Command): readonly string[] {
  return [
    ...operands.map(({ word, count: [least, most] }) => {
      const dots = most > 1 ? ' ...' : '';
      return least === 0 ? `.RI [ ${quoted(`${word}${dots}`)} ]` : `.I ${quoted(`${word}${dots}`)}`;
    }),
    ...needs.map((name) => optionTag(name)),
    '.RI [ OPTIONS ]',
  ];
}

function optionRows(name: OptionName): readonly string[] {
  return ['.TP', optionTag(name), plain(optionOf(name).help)];
}

/** .BR "\-\-help" ", " "\-h"; .BI "\-\-snapshot " "ID|latest" */
function optionTag(name: OptionName): string {
  const { flag, short, value } = optionOf(name);
  if (value !== undefined) return `.BI ${quoted(`${dashed(flag)} `)} ${quoted(value)}`;
  return short === undefined ? `.B ${dashed(flag)}` : `.BR \\-${short} ", " ${dashed(flag)}`;
}

function dashed(flag: string): string {
  return `\\-\\-${flag.replaceAll('-', '\\-')}`;
}

function statusRows(name: StatusName): readonly string[] {
  return tagged(String(exitStatus[name]), statusWords[name]);
}

function tagged(tag: string, text: string): readonly string[] {
  return ['.TP', `.B ${words(tag)}`, plain(text)];
}

function apart(text: string): readonly string[] {
  return ['.P', text];
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase();
  return plain(`${first}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`);
}

function roff(sections: readonly (readonly string[])[]): string {
  return `${sections.flat().join('\n')}\n`;
}

/** A line of text: a backslash is an escape, and a dot or a quote at its beginning a request. */
function plain(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\e')
    .replaceAll('`', '\\(ga')
    .replaceAll('…', '...')
    .replace(/(?<![\w-])--(?=[a-z])/g, '\\-\\-');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

function words(text: string): string {
  return plain(text).replaceAll('-', '\\-');
}

function quoted(text: string): string {
  return `"${plain(text).replaceAll('"', '""')}"`;
}
