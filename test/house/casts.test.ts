import { expect, it } from 'vitest';
import { readSources } from './read-sources.ts';

/** Files that may tell the compiler what it could not check, how often, and why. */
const allowed: Readonly<Record<string, readonly [times: number, because: string]>> = {
  'src/app/terminal.ts': [1, 'Ink wants the whole stream of a terminal and uses the part that is there'],
  'src/kinds/kind.ts': [1, 'the schema of a kind is put together from its fields, which no type can follow'],
  'src/runbook/schema.ts': [1, 'the kinds are handed in, so their union is known only to the registry'],
  'src/layers/stream-parts.ts': [2, 'two descriptions of a web stream'],
};

it('The compiler is told what to believe only where a reason stands', () => {
  const found = new Map(
    readSources(['src'])
      .filter(({ blindCasts }) => blindCasts.length > 0)
      .map(({ path, blindCasts }) => [path, blindCasts] as const),
  );
  const paths = [...new Set([...found.keys(), ...Object.keys(allowed)])];
  const wrong = paths.flatMap((path) => {
    const [times = 0] = allowed[path] ?? [];
    const casts = found.get(path) ?? [];
    if (casts.length === times) return [];
    return [`${path}:${casts.at(-1) ?? 1}: ${casts.length} casts by never or unknown, ${times} are allowed.`];
  });
  expect(wrong).toEqual([]);
});
