import { readdir, readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../src/app/arguments.ts';
import { commandNames, commandTable } from '../../src/app/command-table.ts';
import { type OptionName, optionOf, optionTable } from '../../src/app/option-table.ts';
import { planSchedule } from '../../src/backups/schedule.ts';
import { usage } from '../../src/cli/help-text.ts';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import { runThaw } from '../parts/thaw.ts';
import { makeWalkFolder, values } from '../terminal/walk-folder.ts';

const optionNames = Object.keys(optionTable) as OptionName[];

const optionsOf = (...argv: readonly string[]) => {
  const parsed = parseArguments(argv);
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value.options;
};
const faultOf = (...argv: readonly string[]) => {
  const parsed = parseArguments(argv);
  return parsed.ok ? undefined : `${parsed.failure.message}\n${parsed.failure.remedy}`;
};

/** As much as the command asks for, and nothing that exists. */
const operandsOf = (name: keyof typeof commandTable) =>
  Array.from({ length: commandTable[name].count[0] }, (_, index) => `operand-${index}`);

const said = (name: OptionName): readonly string[] => {
  const { type, among, isTime } = optionOf(name);
  if (type === 'boolean') return [`--${name}`];
  return [
    `--${name}`,
    among?.[0] ?? (isTime ? '2026-04-28T14:48Z' : name === 'answer' ? 'id=value' : 'value'),
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

describe('each command takes its own options and no other', () => {
  it.each(commandNames.map((name) => [name]))('%s', async (name) => {
    const words = name === 'home' ? [] : name.split(' ');
    const { options } = commandTable[name];
    for (const option of optionNames) {
      const argv = [...words, ...operandsOf(name), ...said(option)];
      if (options.includes(option) || option === 'version') {
        expect(faultOf(...argv), argv.join(' ')).toBeUndefined();
        continue;
      }
      const { status, text } = await thawHere(...argv);
      expect(status, argv.join(' ')).toBe(2);
      expect(text).toContain(`has no option --${option}. Nothing was done.`);
      for (const own of options) expect(text).toContain(`--${own}`);
    }
    const tooMany = await thawHere(...words, ...Array<string>(21).fill('operand'));
    expect(tooMany.status, tooMany.text).toBe(2);
  });

  it('and whoever asks for its help sees them, and no other', async () => {
    for (const name of commandNames) {
      const words = name === 'home' ? ['help', 'home'] : [...name.split(' '), '--help'];
      const { status, text } = await thawHere(...words);
      expect(status).toBe(0);
      const shown = [...text.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, option]) => option);
      expect(shown, text).toEqual([...commandTable[name].options]);
      if (name !== 'home') expect((await thawHere('help', ...name.split(' '))).text).toBe(text);
    }
  });

  it('names what was probably meant, and whose an option is', () => {
    expect(faultOf('restore', 'crm', '--snapshto', 'latest')).toContain('Did you mean --snapshot?');
    expect(faultOf('restore', 'crm', '--dryrun')).toContain('thaw restore has no option --dryrun');
    expect(faultOf('restore', 'crm', '--dry-run')).toContain('--dry-run belongs to thaw prune.');
    expect(faultOf('restor', 'crm')).toContain('Did you mean `thaw restore`?');
    expect(faultOf('record', 'list')).toContain('Did you mean `thaw records`?');
    expect(faultOf('records', 'verfy')).toContain('Did you mean `thaw records verify`?');
    expect(faultOf('verify', 'crm', '--all', '--snapshot', 'x')).toContain('exclude each other');
    expect(faultOf('lint', 'a', 'b')).toContain('thaw lint takes RUNBOOK; it was given a b.');
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

describe('what is written about options', () => {
  const root = new URL('../../', import.meta.url);
  const read = (path: string) => readFile(new URL(path, root), 'utf8');

  it('names only commands and options that there are, in README and docs', async () => {
    const docs = (await readdir(new URL('docs/', root), { recursive: true })).filter((path) =>
      /\.md$/.test(path),
    );
    let looked = 0;
    for (const path of ['README.md', ...docs.map((doc) => `docs/${doc}`)]) {
      for (const [line] of (await read(path)).matchAll(/thaw(?: --)? [a-z][^`\n|]*(?:\\\n[^`\n|]*)*/g)) {
        const words = line.replaceAll('\\\n', ' ').replace(/#.*/, '').trim().split(/\s+/).slice(1);
        const rest = words[0] === '--' ? words.slice(1) : words;
        const name = commandNames.find(
          (one) => rest.join(' ').startsWith(one) && rest[0] === one.split(' ')[0],
        );
        if (name === undefined) continue;
        looked += 1;
        for (const word of rest) {
          const option = /^--([a-z-]+)/.exec(word)?.[1];
          if (option !== undefined) expect(commandTable[name].options, `${path}: ${line}`).toContain(option);
        }
      }
    }
    expect(looked).toBeGreaterThan(30);
  });

  it('plans only jobs that can be started', () => {
    const options = ['--env-file', 'a.env', '--log-dir', 'logs'];
    const both = { hasDrill: true, hasRetention: true };
    for (const job of planSchedule({ runbook: 'crm', rpoMs: 3_600_000, ...both, options }))
      expect(faultOf(...job.args)).toBeUndefined();
  });

  it('is all in the usage', () => {
    for (const name of optionNames) if (name !== 'help') expect(usage()).toContain(`--${name}`);
    expect(usage()).toContain('thaw tabletop RUNBOOK');
    expect(usage()).toMatch(/--dry-run +prune: remove nothing/);
    for (const line of usage().split('\n')) expect(line.length, line).toBeLessThanOrEqual(120);
  });
});

describe('the options of a record', () => {
  it('name people and times, observers more than once', () => {
    const { record } = optionsOf(
      ...['drill', 'crm', '--commander', 'A', '--observer', 'B', '--observer', 'C', '--approver', 'D'],
      ...['--detected-at', '2026-04-28T14:43Z'],
    );
    expect(record.people).toMatchObject({
      commander: 'A',
      observers: ['B', 'C'],
      planApprover: 'D',
      witness: undefined,
    });
    expect(record.detectedAt).toBe('2026-04-28T14:43Z');
  });

  it('are refused with the values that there are', () => {
    expect(faultOf('drill', 'crm', '--declared-at', 'noon')).toContain('--declared-at noon is not a time');
    expect(faultOf('records', 'export', 'r', '--format', 'pdf')).toContain('none of md, html, json');
    expect(faultOf('records', 'sign', 'r', '--as', 'boss')).toContain(
      'none of commander, operator, witness, approver',
    );
    expect(faultOf('rehearse', '--mode', 'fire')).toContain('none of live, drill, tabletop');
  });
});
