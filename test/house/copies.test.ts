import { describe, expect, it } from 'vitest';
import { copiesIn } from './copies.ts';
import { readSources } from './read-sources.ts';

const passage = (name: string) => Array.from({ length: 5 }, (_, index) => `  ${name}(${index});`).join('\n');

describe('The search for copies', () => {
  it('finds a passage in two files, whatever stands before it and however it is indented', () => {
    const one = { path: 'a', text: `import { x } from './x.ts';\n\nfirst();\n${passage('act')}\nlast();\n` };
    const other = { path: 'b', text: passage('act').replaceAll('  ', '      ') };
    expect(copiesIn([one, other], 5)).toEqual([{ one: 'a:4', other: 'b:1', lines: 5 }]);
    expect(copiesIn([one, other], 6)).toEqual([]);
  });

  it('finds one inside a single file, and tells how long it is', () => {
    const text = `${passage('act')}\nbetween();\n${passage('act')}`;
    expect(copiesIn([{ path: 'a', text }], 3)).toEqual([{ one: 'a:1', other: 'a:7', lines: 5 }]);
  });

  it('takes neither the same imports nor a row of equal lines for a copy', () => {
    const imports = Array.from(
      { length: 20 },
      (_, index) => `import { a${index} } from './a${index}.ts';`,
    ).join('\n');
    const long = "import {\n  one,\n  two,\n  three,\n} from './numbers.ts';";
    expect(
      copiesIn(
        ['a', 'b'].map((path) => ({ path, text: `${imports}\n${long}` })),
        3,
      ),
    ).toEqual([]);
    expect(copiesIn([{ path: 'a', text: 'x,\nx,\nx,\nx,' }], 3)).toEqual([]);
  });
});

it('No passage of twelve lines stands twice in src', () => {
  const copies = copiesIn(readSources(['src']), 12);
  expect(copies.map(({ one, other, lines }) => `${other}: ${lines} lines as at ${one}. Share them.`)).toEqual(
    [],
  );
});
