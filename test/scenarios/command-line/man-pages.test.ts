import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { optionOf } from '../../../src/app/options.ts';
import { sayCommand } from '../../../src/commands/command.ts';
import { commandList } from '../../../src/commands/list.ts';
import { runThaw } from '../../parts/thaw.ts';

/** Read by groff, which is what `man` calls. */
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-man-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pageOf = (name: string) => `thaw-${name.replaceAll(' ', '-')}.1`;

const render = (file: string) => {
  const ran = spawnSync('groff', ['-ww', '-man', '-Tutf8', '-P-cbou', '-rLL=100n', join(folder, file)], {
    encoding: 'utf8',
  });
  return { ...ran, stdout: ran.stdout.replaceAll('‐', '-').replaceAll('−', '-') };
};

describe('The manual pages', () => {
  it('are all written where --into says, one for each command and one for the program', async () => {
    const end = await runThaw({ args: ['man', '--into', 'man1'], cwd: folder, env: {} });
    expect(end, end.text).toMatchObject({ status: 0 });
    expect(readdirSync(join(folder, 'man1')).toSorted()).toEqual(
      ['thaw.1', ...commandList.map(({ name }) => pageOf(name))].toSorted(),
    );
  });

  it('are read by groff without a warning, and name all that there is', () => {
    const first = render('man1/thaw.1');
    expect(first).toMatchObject({ status: 0, stderr: '' });
    for (const command of commandList) {
      expect(first.stdout).toContain(`${pageOf(command.name).slice(0, -2)}(1)`);
      const { status, stderr, stdout } = render(`man1/${pageOf(command.name)}`);
      expect({ status, stderr }, command.name).toEqual({ status: 0, stderr: '' });
      const text = stdout.replaceAll(/\s+/g, ' ');
      expect(text).toContain(sayCommand(command));
      for (const option of command.options) expect(text).toContain(`--${optionOf(option).flag}`);
      for (const { word } of command.operands) expect(text).toContain(word);
      for (const { line } of command.examples) expect(text).toContain(line.replaceAll(/\s+/g, ' '));
      // What was escaped twice would show.
      expect(text).not.toContain('\\');
    }
  });

  it('are printed, one or the actions of a word, and refused with the name that was meant', async () => {
    const one = await runThaw({ args: ['man', 'restore'], cwd: folder, env: {} });
    expect(one.text).toMatch(/^\.TH "THAW\\-RESTORE" 1/m);
    const several = await runThaw({ args: ['man', 'records'], cwd: folder, env: {} });
    expect(several.text.match(/^\.TH /gm)).toHaveLength(7);
    const wrong = await runThaw({ args: ['man', 'restor'], cwd: folder, env: {} });
    expect(wrong.status).toBe(2);
    expect(wrong.text).toContain('Did you mean `thaw restore`?');
  });
});
