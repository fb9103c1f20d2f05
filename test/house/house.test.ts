import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { handlers } from '../../src/registry/kinds.ts';
import { cyclesIn, reachableFrom } from './import-graph.ts';
import { listFiles, readSources, root } from './read-sources.ts';
import {
  driverFolders,
  emptyNames,
  entrances,
  exceptions,
  flatOf,
  limits,
  packages,
  roomOf,
  rooms,
  shapesOfOthers,
  worldly,
} from './rooms.ts';

/** Each finding reads `path:line: rule. What to do.`, so that an editor can jump to it. */
const sources = readSources(['src']);
const imports = sources.flatMap((source) => source.imports.map((one) => ({ ...one, from: source.path })));
const tests = listFiles(['test']);

describe('rooms', () => {
  it('every file stands in a room', () => {
    const homeless = sources.filter(({ path }) => roomOf(path) === undefined);
    expect(
      homeless.map(({ path }) => `${path}:1: no such room. Add it to ARCHITECTURE.md, or move the file.`),
    ).toEqual([]);
  });

  it('stand in ARCHITECTURE.md as stairs: each uses only rooms below it', () => {
    const order = rooms.map(({ folder }) => folder);
    const wrong = rooms.flatMap(({ folder, uses }, floor) =>
      uses.filter((used) => order.indexOf(used) <= floor).map((used) => `${folder} -> ${used}`),
    );
    expect(order.length).toBeGreaterThan(20);
    expect(new Set(order).size).toBe(order.length);
    expect(wrong).toEqual([]);
  });

  it('a room uses only the rooms that ARCHITECTURE.md lets it use', () => {
    const wrong = imports.filter(({ from, target, isFile }) => {
      if (!isFile || !target.startsWith('src/')) return false;
      const [mine, theirs] = [roomOf(from), roomOf(target)];
      if (mine === undefined || mine === theirs) return false;
      return theirs === undefined || !mine.uses.includes(theirs.folder);
    });
    expect(
      wrong.map(
        ({ from, line, target }) =>
          `${from}:${line}: ${flatOf(from)} may not use ${target}. Turn the dependency round, or go through a port.`,
      ),
    ).toEqual([]);
  });

  it('neighbours in one room do not know each other', () => {
    const wrong = imports.filter(
      ({ from, target, isFile }) =>
        isFile &&
        roomOf(from) === roomOf(target) &&
        flatOf(from).includes('/') &&
        flatOf(target).includes('/') &&
        flatOf(from) !== flatOf(target),
    );
    expect(
      wrong.map(
        ({ from, line, target }) =>
          `${from}:${line}: one neighbour uses another (${target}). Move what both need down.`,
      ),
    ).toEqual([]);
  });

  it('a package is used only in the rooms that may', () => {
    const wrong = imports.filter(
      ({ from, target, isFile, typeOnly }) => !isFile && !mayUsePackage(from, target, typeOnly),
    );
    expect(
      wrong.map(
        ({ from, line, target }) =>
          `${from}:${line}: ${flatOf(from)} may not import ${target}. Keep it in its own folder, behind a port.`,
      ),
    ).toEqual([]);
  });

  it('only the outer rooms read the clock, chance, the process or the console', () => {
    const wrong = sources.flatMap((source) =>
      worldly.includes(roomOf(source.path)?.folder ?? '')
        ? []
        : source.worldly.map((one) => ({ ...one, path: source.path })),
    );
    expect(
      wrong.map(
        ({ path, line, text }) => `${path}:${line}: ${text} in a pure room. Take it from the host port.`,
      ),
    ).toEqual([]);
  });
});

function mayUsePackage(from: string, target: string, typeOnly: boolean): boolean {
  const driver = Object.keys(driverFolders).find((name) => target === name || target.startsWith(`${name}/`));
  if (driver !== undefined)
    return driverFolders[driver]?.some((folder) => from.startsWith(`src/${folder}/`)) ?? false;
  const allowed = [...(packages[roomOf(from)?.folder ?? ''] ?? []), ...(exceptions[from] ?? [])];
  if (target.startsWith('node:') && allowed.includes('node:*')) return true;
  return allowed.includes(target) || (typeOnly && allowed.includes(`type ${target}`));
}

describe('imports', () => {
  it('never go in a circle', () => {
    expect(
      cyclesIn(imports).map(
        (cycle) =>
          `${cycle[0]}:1: imports itself through ${cycle.slice(1).join(' -> ')}. Move what both need down.`,
      ),
    ).toEqual([]);
  });

  it('reach every file from an entrance', () => {
    const reached = reachableFrom(entrances, imports);
    const dead = sources.filter(({ path }) => !reached.has(path));
    expect(dead.map(({ path }) => `${path}:1: nothing uses it. Wire it or delete it.`)).toEqual([]);
  });

  it('lead to files that are there', () => {
    const there = new Set(sources.map(({ path }) => path));
    const lost = imports.filter(
      ({ target, isFile }) =>
        isFile && target.startsWith('src/') && /\.tsx?$/.test(target) && !there.has(target),
    );
    expect(
      lost.map(
        ({ from, line, target }) => `${from}:${line}: ${target} is missing. Write it, or drop the import.`,
      ),
    ).toEqual([]);
  });
});

describe('shape', () => {
  it('keeps files short', () => {
    const long = sources.filter(({ lines }) => lines > limits.fileLines);
    expect(
      long.map(
        ({ path, lines }) =>
          `${path}:1: ${lines} lines, at most ${limits.fileLines}. Split it by what changes together.`,
      ),
    ).toEqual([]);
  });

  it('keeps functions short', () => {
    const long = functions().filter(({ lines }) => lines > limits.functionLines);
    expect(
      long.map(
        ({ path, line, lines }) =>
          `${path}:${line}: ${lines} lines, at most ${limits.functionLines}. Give a part of it a name.`,
      ),
    ).toEqual([]);
  });

  it('keeps parameters few; a rest tuple counts as one', () => {
    const many = functions().filter(
      ({ name, parameters }) => parameters > limits.positionalParameters && !shapesOfOthers.includes(name),
    );
    expect(
      many.map(
        ({ path, line, parameters }) =>
          `${path}:${line}: ${parameters} parameters, at most ${limits.positionalParameters}. Take one object.`,
      ),
    ).toEqual([]);
  });

  it('exports by name only', () => {
    const wrong = sources.flatMap(({ path, defaultExports }) =>
      defaultExports.map((line) => `${path}:${line}: default export. Export it by name.`),
    );
    expect(wrong).toEqual([]);
  });

  it('names files after what is in them, in kebab-case', () => {
    const wrong = [...sources.map(({ path }) => path), ...tests].filter((path) => {
      const name =
        path
          .split('/')
          .at(-1)
          ?.replace(/(\.(test|contract|suite))?\.tsx?$/, '') ?? '';
      return emptyNames.includes(name) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
    });
    expect(
      wrong.map(
        (path) => `${path}:1: the name says nothing, or is not kebab-case. Name it after its main export.`,
      ),
    ).toEqual([]);
  });

  it('leaves nothing for later in a comment', () => {
    const wrong = sources.flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          /\b(TODO|FIXME|XXX|HACK)\b/.test(line)
            ? [`${path}:${index + 1}: work left open. Do it, or open an issue.`]
            : [],
        ),
    );
    expect(wrong).toEqual([]);
  });
});

function functions() {
  return sources.flatMap((source) => source.functions.map((one) => ({ ...one, path: source.path })));
}

describe('tests', () => {
  it('mock no module and skip nothing', () => {
    const forbidden =
      /\bvi\.(mock|doMock|hoisted)\(|\b(it|test|describe)(\.\w+)*\.(only|skip|todo|skipIf|runIf|fails)\b/;
    const wrong = tests
      .filter((path) => !path.startsWith('test/house/'))
      .flatMap((path) =>
        readFileSync(join(root, path), 'utf8')
          .split('\n')
          .flatMap((line, index) =>
            forbidden.test(line)
              ? [
                  `${path}:${index + 1}: a mocked module or a skipped test. Use a real part or an in-memory port.`,
                ]
              : [],
          ),
      );
    expect(wrong).toEqual([]);
  });

  it('stand beside every kind of step', () => {
    const files = sources.filter(({ path }) => path.startsWith('src/steps/'));
    const wrong = Object.keys(handlers).flatMap((kind) => {
      const declared = files.find(({ text }) => text.includes(`declareKind({\n  kind: '${kind}',`));
      const name = /export const (\w+) = declareKind\(\{\n {2}kind: '([^']+)'/g;
      const names = [...(declared?.text ?? '').matchAll(name)].filter(([, , of]) => of === kind);
      const file = files.find(({ text }) => names.some(([, one]) => text.includes(`implementKind(${one},`)));
      if (file === undefined) return [`src/registry/kinds.ts:1: ${kind} is declared and not implemented.`];
      const test = file.path.replace(/^src\/(.*)\.ts$/, 'test/$1.test.ts');
      return tests.includes(test) ? [] : [`${file.path}:1: ${kind} has no test. Write ${test}.`];
    });
    expect(wrong).toEqual([]);
  });
});
