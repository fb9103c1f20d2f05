import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listFiles, readSources, root } from './read-sources.ts';
import { roomOf } from './rooms.ts';

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

it('the rooms in the middle know what stands outside by its declarations alone: they read the lists', () => {
  const middle = [
    'kinds',
    'runbook',
    'backups',
    'engine',
    'operations',
    'steps',
    'producer',
    'session',
    'record',
  ];
  const outside = ['stores', 'services', 'adapters', 'layers', 'databases'];
  const wrong = readSources(['src']).flatMap(({ path, imports }) =>
    imports
      .filter(
        ({ target, isFile }) =>
          isFile &&
          middle.includes(roomOf(path)?.folder ?? '') &&
          outside.includes(roomOf(target)?.folder ?? '') &&
          !target.endsWith('/list.ts'),
      )
      .map(({ line, target }) => `${path}:${line}: ${target} is behind a port. Read the list beside it.`),
  );
  expect(wrong).toEqual([]);
});
