import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { optionNames, optionOf } from '../../src/app/options.ts';
import { parseCommandLine } from '../../src/cli/parse-command-line.ts';
import { explanations } from '../../src/commands/actions/explain.ts';
import { commandList } from '../../src/commands/list.ts';
import { runbookSchema } from '../../src/registry/kinds.ts';
import { runbookJsonSchema } from '../../src/runbook/parse-runbook.ts';
import { readSources, root } from './read-sources.ts';

/** Options of other programs that a remedy tells to type, with the program in the same text. */
const otherPrograms =
  /\b(gpg|pg_dump|pg_dumpall|pg_restore|psql|initdb|docker|compose|kubectl|rclone|aws|systemctl|apt-get|ssh-keygen|rsync|bzip2|xz|lzip|gzip|unzip|zstd|jq|curl|head|borg|restic|kopia|createuser|pg_basebackup|pgbackrest|loginctl|age|sops|iconv)\b/;

/** Where a text names no program, since what it is about is clear. */
const optionsOfOthers = [
  ...['--clean', '--schema-only', '--replicas', '--tablespace-map'],
  ...['--extract', '--file', '--directory', '--project-name'],
];

/** Scripts for shells, and a style sheet: whole programs in a text, and no sentences. */
const programs = /^src\/(cli\/completions\/|record\/html-style\.ts)/;

const sources = readSources(['src']).filter(({ path }) => !programs.test(path));
const texts = sources.flatMap(({ path, texts: inFile }) =>
  inFile.map((one) => ({ ...one, at: `${path}:${one.line}` })),
);
const options = new Set(optionNames.map((name) => `--${optionOf(name).flag}`));
const names = commandList.map(({ name }) => name);

/** Every key a runbook may hold, as a path without what stands in lists: backups.dumps.layout. */
function keysOf(schema: unknown, path = ''): readonly string[] {
  if (schema === null || typeof schema !== 'object') return [];
  if (Array.isArray(schema)) return schema.flatMap((one) => keysOf(one, path));
  const {
    properties = {},
    items,
    anyOf,
    oneOf,
    allOf,
    additionalProperties,
  } = schema as Readonly<Record<string, unknown>>;
  const own = Object.entries(properties as Readonly<Record<string, unknown>>).flatMap(([name, inner]) => {
    const here = path === '' ? name : `${path}.${name}`;
    return [here, ...keysOf(inner, here)];
  });
  return [
    ...own,
    ...[items, anyOf, oneOf, allOf, additionalProperties].flatMap((inner) => keysOf(inner, path)),
  ];
}

const keys = new Set(keysOf(runbookJsonSchema(runbookSchema)));
const sections = [...new Set([...keys].map((key) => key.split('.')[0]))].filter((one) =>
  [...keys].some((key) => key.startsWith(`${one}.`)),
);
const keyPattern = new RegExp(`(?<![\\w./…-])(?:${sections.join('|')})(?:\\.[a-z]\\w*)+`, 'gi');

/** What a sentence names and nobody has. Words of a program, a single word or a path, are no sentence. */
function namesNothing(text: string): readonly string[] {
  if (!/\s/.test(text)) return [];
  const typed = [...text.matchAll(/`thaw ([^`]*)`/g)].map(([, line = '']) => line);
  const flags = otherPrograms.test(text)
    ? []
    : [...text.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([flag]) => flag);
  const pages = [...text.matchAll(/(?<![\w/])docs\/[\w./-]*\w/g)].map(([page]) => page);
  return [
    ...typed.filter((line) => !isTaken(line)).map((line) => `thaw ${line} is no command line`),
    ...flags
      .filter((flag) => !options.has(flag) && !optionsOfOthers.includes(flag))
      .map((flag) => `there is no option ${flag}`),
    ...pages.filter((page) => !existsSync(join(root, page))).map((page) => `there is no page ${page}`),
    ...[...text.matchAll(keyPattern)]
      .map(([key]) => key)
      // `drill.env` is a file.
      .filter((key) => !keys.has(key) && !key.endsWith('.env'))
      .map((key) => `a runbook has no key ${key}`),
  ];
}

/** `thaw records sign … --key`: a command that is there, with options of its own. */
function isTaken(line: string): boolean {
  const words = line.split(/\s+/).filter(Boolean);
  if (words[0] === undefined || /^(COMMAND|…)/.test(words[0]) || words[0].startsWith('--')) return true;
  const command = commandList.find(({ name }) => name === words.slice(0, 2).join(' ') || name === words[0]);
  if (command === undefined)
    return names.some((name) => name === words[0] || name.startsWith(`${words[0]} `)) && words.length === 1;
  const own = command.options.map((name) => `--${optionOf(name).flag}`);
  return words.filter((word) => word.startsWith('--')).every((word) => own.includes(word.replace(/=.*/, '')));
}

it('No sentence names a command, an option, a page or a key of a runbook that is not there', () => {
  expect(texts.length).toBeGreaterThan(5000);
  expect(keys.has('backups.dumps.layout')).toBe(true);
  const lost = texts.flatMap(({ at, text }) =>
    namesNothing(text).map((what) => `${at}: ${what}. Name what is there.`),
  );
  expect(lost.join('\n')).toBe('');
});

it('Sentences that name what is not there are found', () => {
  expect(namesNothing('Run `thaw repair RUN`, or `thaw records mend`.')).toHaveLength(2);
  expect(namesNothing('Name it with --snapshto, or see docs/nowhere.md.')).toHaveLength(2);
  expect(namesNothing('Correct backups.dumps.layuot, then `thaw restore --dry-run`.')).toHaveLength(2);
  expect(
    namesNothing('Use `thaw resume RUN` with --env-file; backups.dumps.layout, docs/backups.md.'),
  ).toEqual([]);
});

it('What `thaw explain` tells to type would be taken as it stands', () => {
  for (const { related } of Object.values(explanations))
    for (const line of related) {
      const parsed = parseCommandLine(line.split(' ').slice(1), commandList);
      expect(parsed.ok, line).toBe(true);
    }
});
