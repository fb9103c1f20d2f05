import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exampleSystems } from '../parts/example-systems.ts';
import { thawHere } from '../parts/thaw.ts';

const folder = join(import.meta.dirname, '../../docs/examples');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

describe('The examples of other systems', () => {
  it.each(files)('hold together: %s', async (file) => {
    const end = await thawHere({ args: ['lint', join(folder, file)], env: { HOME: folder }, cwd: folder });
    expect(end.status, end.text).toBe(0);
    expect(end.text).toContain('no finding');
  });

  it('are each drilled by a test and named on their page', () => {
    const page = readFileSync(join(folder, 'README.md'), 'utf8');
    const named = [...page.matchAll(/\]\(([\w-]+\.yaml)\)/g)].map(([, name]) => name);
    expect(named.toSorted()).toEqual(files.toSorted());
    expect(exampleSystems.map(({ name }) => `${name}.yaml`).toSorted()).toEqual(files.toSorted());
  });
});
