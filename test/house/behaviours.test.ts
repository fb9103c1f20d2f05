import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './read-sources.ts';

const page = readFileSync(join(root, 'docs/behaviours.md'), 'utf8');

/** `test/ui/theme.test.ts`: the title of one test */
const named = [...page.matchAll(/\| `(test\/[^`]+)`: (.+?) \|$/gm)].map(([, path = '', title = '']) => ({
  path,
  title,
}));

describe('docs/behaviours.md', () => {
  it('names tests that exist', () => {
    const missing = named.filter(({ path, title }) => {
      const file = join(root, path);
      if (!existsSync(file)) return true;
      const text = readFileSync(file, 'utf8');
      return !text.includes(`'${title}'`) && !text.includes(`"${title}"`);
    });
    expect(missing.map(({ path, title }) => `${path}: ${title}`)).toEqual([]);
  });

  it('names at least one test for each of the twenty-five', () => {
    const numbers = [...page.matchAll(/^\| (\d+) \| .* \| `test\//gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  });
});
