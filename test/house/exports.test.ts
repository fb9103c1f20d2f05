import { expect, it } from 'vitest';
import { readSources } from './read-sources.ts';
import { entrances } from './rooms.ts';

/** Scripts, tests and benches may be the only ones to look at a piece from outside: they look at it, so it is used. */
const all = readSources(['src', 'test', 'scripts', 'bench']);
const used = new Set(
  all.flatMap(({ path, imports }) =>
    imports.flatMap(({ target, names }) =>
      target === path ? [] : names.map((name) => `${target.replace(/\.js$/, '.ts')}#${name}`),
    ),
  ),
);

it('Every export of src is used by another file', () => {
  const dead = all
    .filter(({ path }) => path.startsWith('src/') && !entrances.includes(path))
    .flatMap(({ path, exports }) =>
      exports.flatMap(({ name, line }) =>
        used.has(`${path}#${name}`) || used.has(`${path}#*`)
          ? []
          : [`${path}:${line}: nobody else uses ${name}. Delete it, or keep it to this file.`],
      ),
    );
  expect(dead).toEqual([]);
});
