import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { optionOf } from '../../../src/app/options.ts';
import { firstCommand } from '../../../src/commands/command.ts';
import { commandList } from '../../../src/commands/list.ts';
import { runThaw } from '../../parts/thaw.ts';
import { openPseudoTerminal, type PseudoTerminal } from '../../terminal/pseudo-terminal.ts';

/** The shells themselves complete here, with what `thaw completions SHELL` prints and nothing of a user's own set-up. */
let folder = '';

const run = '2026-04-28T1448Z-crm-live';
const elsewhere = '2026-05-01T0000Z-crm-drill';

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'thaw-completions-')));
  mkdirSync(join(folder, 'runbooks'));
  mkdirSync(join(folder, 'restore-logs', run), { recursive: true });
  mkdirSync(join(folder, 'other logs', elsewhere), { recursive: true });
  for (const name of ['runbooks/our-crm.yaml', 'our.env', 'our notes']) writeFileSync(join(folder, name), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const end = await runThaw({ args: ['completions', shell], cwd: folder, env: {} });
    expect(end.status, end.text).toBe(0);
    writeFileSync(join(folder, `completions.${shell}`), end.text);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const flagsOf = (name: string) =>
  commandList
    .filter((command) => command.name === name)
    .flatMap(({ options }) => options.map((one) => `--${optionOf(one).flag}`))
    .toSorted();
const spoken = (name: string) => (name === firstCommand ? 'thaw ' : `thaw ${name} `);
const firstWords = [...new Set(commandList.map(({ name }) => name.replace(/ .*/, '')))].toSorted();

/** What is typed, and some of what is offered there; every shell has to pass all of them. */
const cases: readonly {
  readonly typed: readonly string[];
  readonly offers: readonly string[];
  readonly never?: readonly string[];
}[] = [
  { typed: ['rest'], offers: ['restore'], never: ['resume'] },
  { typed: ['records', ''], offers: ['list', 'show', 'verify', 'export', 'trend', 'note', 'sign'] },
  { typed: ['--env-file', 'our.env', 'records', 'ver'], offers: ['verify'] },
  { typed: ['restore', 'our'], offers: ['our-crm'], never: ['our.env'] },
  // A runbook that came along.
  { typed: ['lint', 'corporate-intel-pi'], offers: ['corporate-intel-pitr'] },
  { typed: ['drill', 'our-crm', '--snap'], offers: ['--snapshot'] },
  { typed: ['drill', 'our-crm', '--snapshot', ''], offers: ['latest'] },
  { typed: ['rehearse', '--mode', ''], offers: ['live', 'drill', 'tabletop'] },
  { typed: ['records', 'sign', '--as', 'w'], offers: ['witness'] },
  { typed: ['records', 'verify', '2026'], offers: [run], never: [elsewhere] },
  { typed: ['records', 'verify', '--log-dir', 'other logs', '2026'], offers: [elsewhere], never: [run] },
  { typed: ['records', 'verify', '--log-dir=other logs', '2026'], offers: [elsewhere], never: [run] },
  { typed: ['fingerprint', 'our.'], offers: ['our.env'] },
  { typed: ['completions', ''], offers: ['bash', 'zsh', 'fish'] },
  { typed: ['help', 'rec'], offers: ['records'] },
];

describe('bash', () => {
  const bash = (script: string) =>
    execFileSync('bash', ['--norc', '-c', `source ./completions.bash\n${script}`], {
      cwd: folder,
      encoding: 'utf8',
    });
  const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(' ');
  const complete = (...typed: readonly string[]) => {
    // --name=value is three words to bash.
    const words = typed
      .flatMap((word) => word.split(/(=)/))
      .filter((word, index, all) => word !== '' || index === all.length - 1);
    return bash(
      `COMP_WORDS=(thaw ${quoted(words)}); COMP_CWORD=${words.length}; _thaw; printf '%s\\n' "\${COMPREPLY[@]}"`,
    )
      .split('\n')
      .filter(Boolean);
  };

  it('knows the commands, and the options of each', () => {
    expect(complete('').toSorted()).toEqual(firstWords);
    for (const { name } of commandList) {
      const words = name === firstCommand ? [] : name.split(' ');
      expect(complete(...words, '--').toSorted(), name).toEqual(flagsOf(name));
    }
  });

  it.each(cases)('completes thaw $typed', ({ typed, offers, never = [] }) => {
    const found = complete(...typed);
    for (const offer of offers) expect(found).toContain(offer);
    for (const other of never) expect(found).not.toContain(other);
  });

  it('sees --name=value, which it takes for three words, and paths with a blank', () => {
    expect(complete('drill', 'our-crm', '--snapshot=la')).toEqual(['latest']);
    expect(complete('restore', 'our-crm', '--env-file', 'our')).toEqual(
      expect.arrayContaining(['our notes', 'our.env']),
    );
    expect(bash('complete -p thaw')).toContain('-F _thaw thaw');
  });
});

describe('fish', () => {
  const complete = (lines: readonly string[]) => {
    const script = lines.map((line) => `complete -C '${line}'; echo '---'`).join('\n');
    const text = execFileSync('fish', ['--no-config', '-c', `source ./completions.fish\n${script}`], {
      cwd: folder,
      encoding: 'utf8',
    });
    // Each line is a word, a tab, and what it means.
    return text
      .split('---\n')
      .slice(0, -1)
      .map((part) => part.split('\n').flatMap((line) => (line === '' ? [] : [line.replace(/\t.*/, '')])));
  };

  it('knows the commands, and the options of each', () => {
    expect(complete(['thaw '])[0]?.toSorted()).toEqual(firstWords);
    const found = complete(commandList.map(({ name }) => `${spoken(name)}--`));
    for (const [index, { name }] of commandList.entries())
      expect(found[index]?.toSorted(), name).toEqual(flagsOf(name));
  });

  it.each(cases)('completes thaw $typed', ({ typed, offers, never = [] }) => {
    const [found] = complete([`thaw ${typed.map((word) => word.replaceAll(' ', '\\ ')).join(' ')}`]);
    for (const offer of offers) expect(found).toContain(offer);
    for (const other of never) expect(found).not.toContain(other);
  });
});

describe('zsh', () => {
  let shell: PseudoTerminal;

  beforeAll(async () => {
    shell = openPseudoTerminal({
      ...{ file: 'zsh', args: ['-f', '-i'], cwd: folder, columns: 150, rows: 60 },
      env: { HOME: folder, TERM: 'xterm-256color' },
    });
    // The prompt says when a line has been read; the list is long, and nobody is asked whether to see it.
    const setUp = 'autoload -Uz compinit; compinit -u; source ./completions.zsh; LISTMAX=999; PS1=ready%#\\ ';
    shell.write(`${setUp}\r`);
    await shell.waitFor(/^ready[%#]/m, 30_000);
  });

  afterAll(() => shell.close());

  /** What stands on the screen once the tab key has been pressed, the line itself included. */
  const complete = async (line: string, wanted: readonly string[]) => {
    // Kill the line, clear the screen: nothing of the one before is left to be read.
    shell.write('\x15');
    shell.write('\x0c');
    await shell.waitFor((screen) => /^ready[%#]\s*$/.test(screen.filter(Boolean).join('\n')), 10_000);
    shell.write(`${line}\t`);
    return (await shell.waitFor((screen) => wanted.every((word) => hasWord(screen, word)), 10_000)).join(
      '\n',
    );
  };
  const hasWord = (screen: readonly string[], word: string) =>
    screen.some((row) => row.split(/[\s=]+/).includes(word.replaceAll(' ', '\\ ')));

  it('knows the commands, and the options of each', async () => {
    await complete('thaw ', firstWords);
    for (const { name } of commandList) {
      const text = await complete(`${spoken(name)}--`, flagsOf(name));
      const listed = [...text.matchAll(/^(?:-[a-z] *)?(--[a-z-]+)/gm)].map(([, flag]) => flag);
      expect(listed.toSorted(), text).toEqual(flagsOf(name));
    }
  });

  it.each(cases)('completes thaw $typed', async ({ typed, offers, never = [] }) => {
    const line = `thaw ${typed.map((word) => word.replaceAll(' ', '\\ ')).join(' ')}`;
    const text = await complete(line, offers);
    for (const other of never) expect(hasWord(text.split('\n'), other), text).toBe(false);
  });

  it('offers no option that excludes one which was given', async () => {
    const text = await complete('thaw verify our-crm --all --', ['--json']);
    expect(text).not.toContain('--snapshot');
    expect(text).not.toContain('--latest');
  });
});
