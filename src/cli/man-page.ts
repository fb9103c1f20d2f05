import { exitStatus, type StatusName, statusWords } from '../app/exit-status.ts';
import { defaultLogFolder, everywhere, type OptionName, optionOf } from '../app/options.ts';
import { type Command, type ManPage, sayCommand, sayOperands } from '../commands/command.ts';
import type { CommandGroup } from '../commands/list.ts';
import { flagOf, isEverywhere, statusesOf } from './help.ts';

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
        prose(
          'Production is gone, one operator is at a terminal with the off-site backup credentials, a key and a clean host. thaw walks that person through the restore: every step shows what it will do, does it, and checks what it promised. The same walk serves drills that leave a dated record, and tabletop exercises that touch nothing.',
        ),
      ],
      ...groups.map(({ title, commands }) => [
        `.SH ${quoted(typed(title.toUpperCase()))}`,
        ...commands.flatMap((command) => [
          '.TP',
          `.BR ${typed(pageName(command))} (1)`,
          prose(command.about),
        ]),
      ]),
      ['.SH OPTIONS', prose('Every command takes these:'), ...everywhere.flatMap(optionRows)],
      ['.SH EXIT STATUS', ...(Object.keys(exitStatus) as StatusName[]).flatMap(statusRows)],
      [
        '.SH FILES',
        ...tagged('runbooks/*.yaml, *.yaml', 'the runbooks of the folder one stands in'),
        ...tagged(
          '~/.config/thaw/*.yaml, /etc/thaw/*.yaml',
          'those of a person and of a host; examples come along',
        ),
        ...tagged(`${defaultLogFolder}/`, 'one folder a run, its record, and the index of all'),
      ],
      [
        '.SH ENVIRONMENT',
        ...tagged('NO_COLOR', 'no colours'),
        ...tagged('TERM', 'dumb: lines instead of the screen'),
        '.P',
        prose('The inputs of a runbook are read from the environment, too; --env-file goes before it.'),
      ],
    ]),
  };
}

/** thaw-records-sign(1): everything about one command. */
export function renderCommandPage(command: Command, version: string): ManPage {
  const { about, more = [], operands, options, either, examples } = command;
  const name = pageName(command);
  const own = options.filter((one) => !isEverywhere(one));
  return {
    file: `${name}.1`,
    text: roff([
      head(name, version),
      ['.SH NAME', `${typed(name)} \\- ${prose(about)}`],
      ['.SH SYNOPSIS', `.B ${typed(sayCommand(command))}`, ...synopsis(command)],
      ['.SH DESCRIPTION', ...apart(more.length === 0 ? [sentence(about)] : more.map(prose))],
      operands.length === 0
        ? []
        : ['.SH OPERANDS', ...operands.flatMap((one) => ['.TP', `.I ${typed(one.word)}`, prose(one.about)])],
      own.length === 0
        ? []
        : [
            '.SH OPTIONS',
            ...own.flatMap(optionRows),
            ...either.flatMap((group) => ['.P', prose(`At most one of ${group.map(flagOf).join(', ')}.`)]),
          ],
      [
        ...['.SH COMMON OPTIONS', 'Every command takes these:'],
        ...options.filter(isEverywhere).flatMap(optionRows),
      ],
      [
        '.SH EXIT STATUS',
        ...statusesOf(command).flatMap(({ status, words: meaning }) => tagged(String(status), meaning)),
      ],
      [
        '.SH EXAMPLES',
        ...examples.flatMap(({ line, about: what }, index) => [
          ...(index === 0 ? [] : ['.P']),
          sentence(what),
          ...['.P', '.RS', '.nf', typed(line), '.fi', '.RE'],
        ]),
      ],
      ['.SH SEE ALSO', '.BR thaw (1)'],
    ]),
  };
}

function head(name: string, version: string): readonly string[] {
  return [
    '.\\" Written by `thaw man` from the declarations of the commands.',
    `.TH ${quoted(typed(name.toUpperCase()))} 1 "" ${quoted(typed(`thaw ${version}`))} "thaw"`,
  ];
}

function pageName({ name }: Command): string {
  return `thaw-${name.replaceAll(' ', '-')}`;
}

function synopsis(command: Command): readonly string[] {
  const operands = sayOperands(command).split(' ').filter(Boolean);
  return [
    ...operands.map((one) => {
      const optional = /^\[(.*)\]$/.exec(one)?.[1];
      return optional === undefined ? `.I ${typed(one)}` : `.RI [ ${typed(optional)} ]`;
    }),
    ...command.needs.map((name) => optionTag(name)),
    '.RI [ OPTIONS ]',
  ];
}

function optionRows(name: OptionName): readonly string[] {
  return ['.TP', optionTag(name), prose(optionOf(name).help)];
}

/** .BR \-h ", " \-\-help; .BI "\-\-snapshot " "ID|latest" */
function optionTag(name: OptionName): string {
  const { short, value } = optionOf(name);
  const flag = typed(flagOf(name));
  if (value !== undefined) return `.BI ${quoted(`${flag} `)} ${quoted(typed(value))}`;
  return short === undefined ? `.B ${flag}` : `.BR ${typed(`-${short}`)} ", " ${flag}`;
}

function statusRows(name: StatusName): readonly string[] {
  return tagged(String(exitStatus[name]), statusWords[name]);
}

function tagged(tag: string, text: string): readonly string[] {
  return ['.TP', `.B ${typed(tag)}`, prose(text)];
}

/** Paragraphs under a heading: the first follows it without a request of its own. */
function apart(paragraphs: readonly string[]): readonly string[] {
  return paragraphs.flatMap((text, index) => (index === 0 ? [text] : ['.P', text]));
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase();
  return prose(`${first}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`);
}

function roff(sections: readonly (readonly string[])[]): string {
  return `${sections.flat().join('\n')}\n`;
}

/** A line of text: a backslash begins an escape, a dot or a quote at its beginning a request; options in it can be copied. */
function prose(text: string): string {
  const line = escaped(text).replace(/(?<![\w-])--?(?=[a-z])/g, (dashes) => typed(dashes));
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** What is typed as it stands: its dashes are not hyphens. */
function typed(text: string): string {
  return escaped(text).replaceAll('-', '\\-');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('`', '\\(ga').replaceAll('…', '...');
}

/** One argument of a request, of text that is escaped already. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
