import { exitStatus, type StatusName, statusWords } from '../src/app/exit-status.ts';
import { everywhere, type OptionName, optionOf } from '../src/app/options.ts';
import { flagOf, isEverywhere, sayOption, statusesOf, usageOf } from '../src/cli/help.ts';
import type { Command } from '../src/commands/command.ts';
import { commandGroups } from '../src/commands/list.ts';

/** docs/commands.md: every command, from its declaration. */
export function renderCommands(): string {
  return `${[
    '# Commands',
    '',
    'Written by `npm run reference` from `src/commands`; do not edit. The same stands in `thaw COMMAND --help` and in the manual pages of `thaw man`.',
    '',
    ...commandGroups.flatMap(({ title, commands }) => [
      `**${title}**`,
      '',
      '| command | what it does |',
      '| --- | --- |',
      ...commands.map((command) => row([`[\`${usageOf(command)}\`](#${anchorOf(command)})`, command.about])),
      '',
    ]),
    '## What every command takes',
    '',
    ...optionTable(everywhere),
    'They change no act, so that a wrapper may say them to every command. Any other option of another command is refused with status 2, and nothing is done.',
    '',
    '## Exit status',
    '',
    'Stable: scripts and cron lines may depend on it.',
    '',
    ...(Object.keys(exitStatus) as StatusName[]).map((name) => `- ${exitStatus[name]}: ${statusWords[name]}`),
    '',
    ...commandGroups.flatMap(({ commands }) => commands.flatMap(section)),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function section(command: Command): readonly string[] {
  const { about, more = [], operands, options, either, needs, examples } = command;
  const own = options.filter((name) => !isEverywhere(name));
  return [
    `## ${titleOf(command)}`,
    '',
    `\`${[usageOf(command), ...needs.map((name) => sayOption(name))].join(' ')}\`: ${about}.`,
    '',
    ...more.flatMap((text) => [text, '']),
    ...operands.map(({ word, about: what }) => `- \`${word}\`: ${what}`),
    ...(operands.length === 0 ? [] : ['']),
    ...(own.length === 0 ? [] : optionTable(own)),
    ...either.flatMap((group) => [
      `At most one of ${group.map((name) => `\`${flagOf(name)}\``).join(', ')}.`,
      '',
    ]),
    ...examples.flatMap(({ line, about: what }) => [`- ${what}: \`${line}\``]),
    '',
    `Ends with ${statusesOf(command)
      .map(({ status, words }) => `${status}: ${words}`)
      .join('. ')}.`,
    '',
  ];
}

function optionTable(names: readonly OptionName[]): readonly string[] {
  return [
    '| option | |',
    '| --- | --- |',
    ...names.map((name) => row([`\`${sayOption(name)}\``, optionOf(name).help])),
    '',
  ];
}

const titleOf = ({ name }: Command) => `thaw ${name}`;
const anchorOf = (command: Command) => titleOf(command).replaceAll(' ', '-');

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
