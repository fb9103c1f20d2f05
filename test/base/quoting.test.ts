import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serverSetting, shellLine, shellWord, sqlName, sqlText } from '../../src/base/quoting.ts';

/** What a program is given when a real shell reads the line. */
function readByShell(line: string): readonly string[] {
  const printed = execFileSync('/bin/sh', ['-c', line], { env: { PATH: '/usr/bin:/bin' } });
  return printed.toString('utf8').split('\0').slice(0, -1);
}

describe('A word for a shell', () => {
  it('stays as it is while it is ordinary', () => {
    for (const word of ['--file', '/srv/a_b-c.yml', 'user@host:5432', '--format=json', '50%', '+x', '1,2'])
      expect(shellWord(word)).toBe(word);
  });

  it.each([
    ['', "''"],
    ['two words', "'two words'"],
    ["it's", "'it'\\''s'"],
    ['$(reboot)', "'$(reboot)'"],
    ['a;b', "'a;b'"],
    ['"%p"', `'"%p"'`],
    ['~root', "'~root'"],
    ['=ls', "'=ls'"],
    ['%1', "'%1'"],
    ['ä', "'ä'"],
    ['a\nb', "'a\nb'"],
  ])('%j is written %s', (text, word) => {
    expect(shellWord(text)).toBe(word);
  });

  it('comes out of a real shell as it went in, whatever it holds', () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
        expect(readByShell(shellLine(['printf', '%s\\0', ...words]))).toEqual(words);
      }),
      { numRuns: 60 },
    );
  });
});

describe('A command line', () => {
  it('has its variables in front, with only their values quoted', () => {
    expect(shellLine(['sops', '--decrypt'], { SOPS_AGE_KEY_FILE: '/srv/my keys/age.txt' })).toBe(
      "SOPS_AGE_KEY_FILE='/srv/my keys/age.txt' sops --decrypt",
    );
  });

  it('never begins with a program that a shell would take for a variable', () => {
    expect(shellLine(['PATH=x', '--a=b'])).toBe("'PATH=x' --a=b");
  });
});

describe('A word for PostgreSQL', () => {
  it('cannot end its own quotes', () => {
    expect(sqlName('a"; DROP TABLE b; --')).toBe('"a""; DROP TABLE b; --"');
    expect(sqlText("a'; DROP TABLE b; --")).toBe("'a''; DROP TABLE b; --'");
    expect(sqlText("a\\'")).toBe("E'a\\\\'''");
  });

  it('in postgresql.conf keeps its backslashes, which begin an escape there', () => {
    expect(serverSetting(`cp '/srv/it'\\''s'/%f "%p"`)).toBe(`'cp ''/srv/it''\\\\''''s''/%f "%p"'`);
    expect(() => serverSetting("a'\nport = 1")).toThrow('Broken promise');
  });
});
