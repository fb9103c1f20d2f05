import { readdir, readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type OptionName, optionNames, optionOf } from '../../src/app/options.ts';
import { planSchedule } from '../../src/backups/schedule.ts';
import { renderHelp, renderOverview } from '../../src/cli/help.ts';
import { parseCommandLine } from '../../src/cli/parse-command-line.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { type Command, defineCommand, firstCommand, sayCommand } from '../../src/commands/command.ts';
import { commandGroups, commandList } from '../../src/commands/list.ts';
import { runThaw } from '../parts/thaw.ts';
import { makeWalkFolder, values } from '../terminal/walk-folder.ts';

const faultOf = (...argv: readonly string[]) => {
  const parsed = parseCommandLine(argv, commandList);
  return parsed.ok ? undefined : `${parsed.failure.message}\n${parsed.failure.remedy}`;
};
const flagOf = (name: OptionName) => `--${optionOf(name).flag}`;

/** As much as the command asks for, and nothing that exists. */
const operandsOf = ({ operands }: Command) =>
  operands.flatMap(({ among, count }) =>
    Array.from({ length: count[0] }, (_, index) => among?.[0] ?? `operand-${index}`),
  );

/** The option with a value that it takes, as its own words for it tell. */
const said = (name: OptionName): readonly string[] => {
  const { among, value } = optionOf(name);
  if (value === undefined) return [flagOf(name)];
  return [
    flagOf(name),
    among?.[0] ?? { TIME: '2026-04-28T14:48Z', 'ID=VALUE': 'id=value' }[value] ?? 'value',
  ];
};

async function thawHere(...args: readonly string[]) {
  let text = '';
  const stream = () =>
    new Writable({
      write(chunk, _encoding, done) {
        text += String(chunk);
        done();
      },
    });
  const streams = { stdin: process.stdin, stdout: stream(), stderr: stream() };
  const status = await runCommandLine(args, { environment: {}, folder: '/nonexistent', ...streams });
  return { status, text };
}

const wordsOf = ({ name }: Command) => (name === firstCommand ? [] : name.split(' '));

describe('Each command takes its own options and no other', () => {
  it.each(commandList.map((command) => [sayCommand(command), command] as const))('%s', async (_, command) => {
    const { options, needs } = command;
    const always = needs.flatMap(said);
    for (const option of optionNames) {
      const argv = [...wordsOf(command), ...operandsOf(command), ...said(option)];
      // Whoever asks for help or for the version gets it, whatever stands beside.
      if (options.includes(option) || option === 'version') {
        expect(faultOf(...argv, ...(needs.includes(option) ? [] : always), ...always), argv.join(' ')).toBe(
          undefined,
        );
        continue;
      }
      const { status, text } = await thawHere(...argv);
      expect(status, argv.join(' ')).toBe(2);
      expect(text).toContain(`has no option ${flagOf(option)}. Nothing was done.`);
      for (const own of options) expect(text).toContain(flagOf(own));
    }
    const tooMany = await thawHere(...wordsOf(command), ...Array<string>(21).fill('operand'));
    expect(tooMany.status, tooMany.text).toBe(2);
  });

  it('and whoever asks for its help sees them, and no other', async () => {
    for (const command of commandList) {
      const words = command.name.split(' ');
      const { status, text } = await thawHere(...words, '--help');
      expect(status).toBe(0);
      const list = text.slice(text.search(/^(Options|As everywhere)$/m), text.indexOf('\nExamples\n'));
      const shown = [...list.matchAll(/^ {2}(?:-[a-z], )?(--[a-z-]+)/gm)].map(([, option]) => option);
      expect(shown.toSorted(), text).toEqual(command.options.map(flagOf).toSorted());
      expect((await thawHere('help', ...words)).text).toBe(text);
      expect((await thawHere('--help', ...words)).text).toBe(text);
    }
  });

  it('and every option there is belongs to some command', () => {
    const used = new Set(commandList.flatMap(({ options }) => options));
    expect(optionNames.filter((name) => !used.has(name))).toEqual([]);
  });

  it('a restore with --dry-run begins nothing', async () => {
    const folder = makeWalkFolder();
    const before = await readdir(folder);
    const args = ['restore', 'walk', '--dry-run', '--plain', '--yes'];
    const end = await runThaw({ args, cwd: folder, env: values });
    expect(end, end.text).toMatchObject({ status: 2 });
    expect(end.text).toContain('thaw restore has no option --dry-run. Nothing was done.');
    expect(await readdir(folder)).toEqual(before);
  });
});

describe('What is wrong with a command line', () => {
  it('is told with what was probably meant, and whose an option is', () => {
    expect(faultOf('restore', 'crm', '--snapshto', 'latest')).toContain('Did you mean --snapshot?');
    expect(faultOf('restore', 'crm', '--dryrun')).toContain('thaw restore has no option --dryrun');
    expect(faultOf('restore', 'crm', '--dry-run')).toContain('--dry-run belongs to thaw prune.');
    expect(faultOf('restore', 'crm', '-x')).toContain('thaw restore has no option -x');
    expect(faultOf('restor', 'crm')).toContain('Did you mean `thaw restore`?');
    expect(faultOf('record', 'list')).toContain('Did you mean `thaw records`?');
    expect(faultOf('records')).toContain('thaw records needs an action.');
    expect(faultOf('records', 'verfy')).toContain('Did you mean `thaw records verify`?');
  });

  it('is told for operands: too many, too few, none of the few words', () => {
    expect(faultOf('lint', 'a', 'b')).toContain('thaw lint takes RUNBOOK; it was given a b.');
    expect(faultOf('lint')).toContain('thaw lint takes RUNBOOK; nothing was given.');
    expect(faultOf('version', 'x')).toContain('thaw version takes no operand; it was given x.');
    expect(faultOf('age-key', 'join', 'key', 'one')).toContain(
      'takes KEY SHARE SHARE...; it was given key one.',
    );
    expect(faultOf('completions', 'tcsh')).toContain('tcsh is none of bash, zsh, fish.');
  });

  it('is told for values: a time, one of a few, a pair, one that is missing or not wanted', () => {
    expect(faultOf('drill', 'crm', '--declared-at', 'noon')).toContain('--declared-at noon is not a time');
    expect(faultOf('records', 'export', 'r', '--format', 'pdf')).toContain('none of md, html, json');
    expect(faultOf('records', 'sign', 'r', '--key', 'k', '--as', 'boss')).toContain(
      'none of commander, operator, witness, approver',
    );
    expect(faultOf('rehearse', '--mode', 'fire')).toContain('none of live, drill, tabletop');
    expect(faultOf('drill', 'crm', '--answer', '=x')).toContain('--answer =x is not of the form ID=VALUE');
    expect(faultOf('drill', 'crm', '--snapshot')).toContain('--snapshot needs ID|latest behind it');
    expect(faultOf('drill', 'crm', '--snapshot', '--plain')).toContain('not --plain');
    expect(faultOf('drill', 'crm', '--snapshot=-1')).toBeUndefined();
    expect(faultOf('drill', 'crm', '--yes=no')).toContain('--yes takes no value');
  });

  it('is told for options that exclude each other, and for those that are needed', () => {
    expect(faultOf('verify', 'crm', '--all', '--snapshot', 'x')).toContain(
      '--snapshot and --all exclude each other',
    );
    expect(faultOf('records', 'show', '--json', '--format', 'md')).toContain('exclude each other');
    expect(faultOf('records', 'sign')).toContain('thaw records sign needs --key and --as.');
    expect(faultOf('records', 'sign', '--as', 'witness')).toContain('thaw records sign needs --key.');
  });
});

describe('What a command is given', () => {
  it('has the type and the names of its declaration', async () => {
    const given: unknown[] = [];
    const probe = defineCommand({
      ...{ name: 'probe', about: 'for this test', operands: {}, examples: [], statuses: {} },
      options: ['observers', 'detectedAt', 'answers', 'format', 'logFolder', 'snapshot', 'yes'],
      run: async (_, { options }) => {
        // Each of these lines fails to compile when the type of the option is another.
        const names: readonly string[] = options.observers;
        const atMs: number | undefined = options.detectedAt;
        const format: 'md' | 'html' | 'json' = options.format;
        const folder: string = options.logFolder;
        const agreed: boolean = options.yes;
        given.push({ names, atMs, format, folder, agreed, answers: [...options.answers] }, options.snapshot);
        return { ok: true, value: 0 };
      },
    });
    const argv = [
      ...['probe', '--observer', 'B', '--observer', 'C', '--detected-at', '2026-04-28T14:43Z', '--yes'],
      ...['--answer', 'a=b=c', '--snapshot', 'one', '--snapshot', 'two'],
    ];
    const parsed = parseCommandLine(argv, [probe]);
    if (!parsed.ok) throw new Error(parsed.failure.message);
    const pages = { help: refuse, man: refuse, completions: refuse, command: refuse };
    const { stdin, stdout, stderr } = process;
    await parsed.value({ stdin, stdout, stderr, environment: {}, folder: '/', pages });
    expect(given).toEqual([
      {
        ...{ names: ['B', 'C'], atMs: Date.parse('2026-04-28T14:43Z'), format: 'md', agreed: true },
        ...{ folder: 'restore-logs', answers: [['a', 'b=c']] },
      },
      'two',
    ]);
  });
});

function refuse(): never {
  throw new Error('The probe asks for no page.');
}

describe('What is written about commands', () => {
  const root = new URL('../../', import.meta.url);
  const read = (path: string) => readFile(new URL(path, root), 'utf8');

  it('names only command lines that would be taken, in README and docs', async () => {
    const docs = (await readdir(new URL('docs/', root), { recursive: true })).filter((path) =>
      /\.md$/.test(path),
    );
    let looked = 0;
    for (const path of ['README.md', ...docs.map((doc) => `docs/${doc}`)]) {
      for (const [line] of (await read(path)).matchAll(/thaw(?: --)? [a-z][^`\n|]*(?:\\\n[^`\n|]*)*/g)) {
        const words = line.replaceAll('\\\n', ' ').replace(/#.*/, '').trim().split(/\s+/).slice(1);
        const rest = words[0] === '--' ? words.slice(1) : words;
        const command = commandList.find(
          ({ name }) => rest.join(' ').startsWith(name) && rest[0] === name.split(' ')[0],
        );
        if (command === undefined) continue;
        looked += 1;
        for (const word of rest) {
          const option = /^--[a-z-]+/.exec(word)?.[0];
          if (option !== undefined) expect(command.options.map(flagOf), `${path}: ${line}`).toContain(option);
        }
      }
    }
    expect(looked).toBeGreaterThan(30);
  });

  it('shows command lines in the README that are taken as they stand', async () => {
    const lines = [...(await read('README.md')).matchAll(/^thaw(?: (.*?))? +#.*$/gm)];
    expect(lines.length).toBeGreaterThan(8);
    for (const [line, words = ''] of lines)
      expect(faultOf(...words.split(/\s+/).filter(Boolean)), line).toBeUndefined();
  });

  it('gives examples that are taken as they stand', () => {
    for (const command of commandList) {
      expect(command.examples.length, sayCommand(command)).toBeGreaterThan(0);
      for (const { line } of command.examples) {
        const [typed = ''] = line.split(' | ');
        const words = [...typed.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
        expect(words[0]).toBe('thaw');
        expect(faultOf(...words.slice(1)), line).toBeUndefined();
        expect(`${line} `).toContain(`${sayCommand(command)} `);
      }
    }
  });

  it('plans only jobs that can be started', () => {
    const options = ['--env-file', 'a.env', '--log-dir', 'logs'];
    const both = { hasDrill: true, hasRetention: true };
    for (const job of planSchedule({ runbook: 'crm', rpoMs: 3_600_000, ...both, options }))
      expect(faultOf(...job.args)).toBeUndefined();
  });

  it('is all in the overview, within the width of a small terminal', async () => {
    const overview = renderOverview(commandGroups);
    expect((await thawHere('help')).text).toBe(overview);
    for (const command of commandList) expect(overview).toContain(`  ${sayCommand(command)} `);
    for (const page of [overview, ...commandList.map(renderHelp)])
      for (const line of page.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);
  });

  it('tells the version alone', async () => {
    const { version } = JSON.parse(await read('package.json'));
    for (const argv of [['--version'], ['version'], ['restore', 'crm', '--version']])
      expect(await thawHere(...argv)).toEqual({ status: 0, text: `thaw ${version}\n` });
  });
});
