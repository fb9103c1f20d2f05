import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listFiles, root } from './read-sources.ts';

/** How the systems of docs/systems are called, whatever stands between the words. */
const names = /port[-_ ]?nimara|corporate[-_ ]?intel|whatsapp|dolibarr|\bnmia\b/i;

it('no file of src knows a system by its name: what is particular to one stands in its runbook', () => {
  const wrong = listFiles(['src']).flatMap((path) =>
    readFileSync(join(root, path), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        names.test(line) ? [`${path}:${index + 1}: a customer's name. Move it into the runbook.`] : [],
      ),
  );
  expect(wrong).toEqual([]);
});

it('the rule above knows every system that docs/systems describes', () => {
  const systems = readdirSync(join(root, 'docs/systems')).filter((name) => name !== 'README.md');
  expect(systems.filter((name) => !names.test(name))).toEqual([]);
});
