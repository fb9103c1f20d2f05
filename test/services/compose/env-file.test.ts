import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEnvNames } from '../../../src/backups/read-otherwise.ts';
import { readEnvFile } from '../../../src/base/env-file.ts';

const inputs = join(import.meta.dirname, 'env-files');
const allOfThem = readFileSync(join(inputs, 'all.env'), 'utf8');
const refusedLine = /^[HR]=/;
/** Texts of env files that Compose reads, and such as it refuses; words that random ones are put together from. */
const cases: {
  readonly readable: readonly string[];
  readonly unreadable: readonly string[];
  readonly words: readonly string[];
  readonly given: string;
} = JSON.parse(readFileSync(join(inputs, 'cases.json'), 'utf8'));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-env-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Nothing of this host gets in: Compose would take it before what the file says. */
function compose(...args: readonly string[]): unknown {
  const options = { cwd: folder, env: { PATH: process.env.PATH, HOME: folder }, stdio: 'pipe' } as const;
  return JSON.parse(
    execFileSync('docker', ['compose', ...args, 'config', '--format', 'json'], options).toString(),
  );
}

type Config = { services: Record<string, { environment?: Record<string, string> }> };

/** What the real Compose gives a container of each of these files. A dollar sign is doubled in what it prints. */
function asCompose(files: readonly string[]): readonly (readonly (readonly [string, string])[])[] {
  const services = files.map((text, index) => {
    writeFileSync(join(folder, `${index}.env`), text);
    return `  s${index}: { image: x, env_file: ${index}.env }`;
  });
  writeFileSync(join(folder, 'compose.yaml'), `name: t\nservices:\n${services.join('\n')}\n`);
  const config = compose('-f', 'compose.yaml') as Config;
  return files.map((_text, index) =>
    sorted(
      Object.entries(config.services[`s${index}`]?.environment ?? {}).map(
        ([name, value]) => [name, value.replaceAll('$$', '$')] as const,
      ),
    ),
  );
}

function refuses(text: string): boolean {
  try {
    asCompose([text]);
    return false;
  } catch {
    return true;
  }
}

function sorted(entries: Iterable<readonly [string, string]>) {
  return [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function asWeDo(text: string) {
  const read = readEnvFile(text, { path: '.env' });
  return read.ok ? sorted(read.value.values) : undefined;
}

/** As they are, each line of the file with everything alone, and all of its lines that Compose does not refuse. */
const readable = [
  ...cases.readable,
  ...allOfThem.split('\n').filter((line) => !refusedLine.test(line)),
  allOfThem.replace(/^[HR]=.*\n/gm, ''),
];

const unreadable = [
  ...cases.unreadable,
  allOfThem,
  ...allOfThem.split('\n').filter((line) => refusedLine.test(line)),
];

describe('an env file', () => {
  it('is read as Docker Compose reads it, line by line', () => {
    const real = asCompose(readable);
    for (const [index, text] of readable.entries()) {
      expect(asWeDo(text), JSON.stringify(text)).toEqual(real[index]);
    }
  });

  it.each(unreadable)('is refused where Compose refuses it: %j', (text) => {
    expect(refuses(text)).toBe(true);
    const read = readEnvFile(text, { path: '/srv/.env' });
    expect(read).toMatchObject({
      ok: false,
      failure: { code: 'invalid-input', message: expect.stringMatching(/^\/srv\/\.env .* line \d+ /) },
    });
  });

  it('is read as Compose does with any text that can be put together', () => {
    const word = fc.constantFrom(...cases.words);
    const value = fc.array(word, { maxLength: 8 }).map((words) => words.join(''));
    const name = fc.constantFrom('A', 'B', 'C', 'export D', ' E ', 'F.x', '\tG');
    const sign = fc.constantFrom('=', '=', '=', ' = ', ': ', '="', "='");
    const line = fc
      .tuple(name, sign, value, fc.constantFrom('', '', '"', "'"))
      .map((parts) => parts.join(''));
    const texts = fc.sample(
      fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => lines.join('\n')),
      600,
    );
    const read = texts.filter((text) => asWeDo(text) !== undefined);
    for (let at = 0; at < read.length; at += 100) {
      const batch = read.slice(at, at + 100);
      const real = asCompose(batch);
      for (const [index, text] of batch.entries())
        expect(asWeDo(text), JSON.stringify(text)).toEqual(real[index]);
    }
    // Each of these is a call of its own.
    for (const text of texts.filter((one) => asWeDo(one) === undefined).slice(0, 15))
      expect(refuses(text), JSON.stringify(text)).toBe(true);
  });

  it('given with --env-file is read the same way, and takes from the environment first', () => {
    const text = cases.given;
    writeFileSync(join(folder, 'given.env'), text);
    const names = ['A', 'B', 'C', 'D', 'E', 'F'];
    const environment = names.map((name) => `      ${name}: "\${${name}-unset}"`).join('\n');
    writeFileSync(
      join(folder, 'given.yaml'),
      `name: t\nservices:\n  s:\n    image: x\n    environment:\n${environment}\n`,
    );
    const config = compose('-f', 'given.yaml', '--env-file', 'given.env') as Config;
    const real = Object.entries(config.services.s?.environment ?? {});
    const lookup = (name: string) => (name === 'PATH' ? '/bin' : undefined);
    const read = readEnvFile(text, { path: 'given.env', lookup });
    expect(read.ok && sorted(read.value.values)).toEqual(
      sorted(real.map(([name, value]) => [name, value.replaceAll('$$', '$')] as const)),
    );
  });
});

describe('who reads a line otherwise', () => {
  const shell = (text: string, name: string): string | undefined => {
    writeFileSync(join(folder, 'sourced.env'), text);
    const script = `set -a; . ./sourced.env >/dev/null 2>&1; printf %s "$${name}"`;
    try {
      const options = { cwd: folder, env: { PATH: '/nowhere' }, stdio: 'pipe' } as const;
      return execFileSync('/bin/sh', ['-c', script], options).toString();
    } catch {
      return undefined;
    }
  };

  it('is said with names and without values, and never kept back where a real shell reads another value', () => {
    for (const text of readable) {
      const read = readEnvFile(text, { path: '.env' });
      if (!read.ok) throw new Error(read.failure.message);
      for (const [name, value] of read.value.values) {
        if (!/^[A-Z]$/.test(name)) continue;
        const noted = readEnvNames(text, { path: '.env', names: [name] });
        const note = (noted.ok ? noted.value.note : undefined) ?? '';
        const sourced = shell(text, name);
        // A shell that gives up on the whole file says so itself.
        if (sourced !== undefined && sourced !== value)
          expect(note, JSON.stringify(text)).toContain('a shell');
        if (value.length > 4) expect(note).not.toContain(value);
      }
    }
  });

  it('is not said of ordinary lines', () => {
    for (const text of ['A=abc', 'A="a b"', "A='a b'", 'export A=a#b+c/d=', 'A=a\nB=1', 'A=x # said\n']) {
      const noted = readEnvNames(text, { path: '.env', names: ['A'] });
      const note = noted.ok ? (noted.value.note ?? '') : 'refused';
      expect(note.includes('a shell'), text).toBe(false);
    }
  });
});
