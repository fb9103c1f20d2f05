import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openThaw } from '../scenarios/terminal/open-thaw.ts';
import { makeWalkFolder, values } from './walk-folder.ts';

test('a second terminal watches the run of the first, takes it over at its question, and asks for the secrets again', {
  timeout: 120_000,
}, async () => {
  const folder = makeWalkFolder({ longSeconds: 15 });
  writeFileSync(join(folder, 'mended'), '');
  const first = openThaw({ args: ['restore', 'walk'], folder, env: values });
  await first.waitFor('y begin', 40_000);
  first.write('y');
  await first.waitFor('line 3', 40_000);

  const second = openThaw({ args: ['resume'], folder });
  const watched = await second.waitFor(`WATCHED, driven by process ${first.pid}`, 40_000);
  expect(watched.join('\n')).toMatch(/▸ 3 Long +now/);
  await second.waitFor(/line [2-9]\d|line 1\d\d/, 40_000);
  // What is watched cannot be written to.
  second.write('n');
  second.write('?');
  await second.waitFor('Keys: a run to look at');
  second.write('\x1b');
  await second.waitFor('a question waits at its own terminal', 40_000);
  second.write('t');

  expect((await first.exit).status).toBe(5);
  expect(first.scrollback().join('\n')).toContain('STOPPED');
  expect(first.leftBehind()).toEqual([]);

  await second.waitFor('0 of 2 values given', 40_000);
  second.write(values.WALK_USER);
  await second.waitFor(`${values.WALK_USER}█`);
  second.write('\r');
  await second.waitFor(/▸ WALK_TOKEN/);
  second.write(`\x1b[200~${values.WALK_TOKEN}\x1b[201~`);
  await second.waitFor('hidden, ');
  second.write('\r');
  await second.waitFor('y agree', 40_000);
  second.write('y');
  await second.waitFor('any key leaves', 40_000);
  second.write(' ');
  expect((await second.exit).status).toBe(0);
  expect(second.bytes()).not.toContain(values.WALK_TOKEN);
  expect(second.leftBehind()).toEqual([]);
});

test('whoever watches may leave, and a run that ends while it is watched leaves its summary with both', {
  timeout: 120_000,
}, async () => {
  const folder = makeWalkFolder({ longSeconds: 15 });
  writeFileSync(join(folder, 'mended'), '');
  const first = openThaw({ args: ['restore', 'walk'], folder, env: values });
  await first.waitFor('y begin', 40_000);
  first.write('y');
  await first.waitFor('line 3', 40_000);
  const leaving = openThaw({ args: ['resume'], folder, env: values });
  await leaving.waitFor('WATCHED', 40_000);
  leaving.write('q');
  expect((await leaving.exit).status).toBe(0);

  const staying = openThaw({ args: ['resume', '--plain'], folder, env: values });
  await staying.waitFor('Is it well?', 40_000);
  expect(staying.scrollback().join('\n')).toMatch(/Process \d+ drives run/);
  await first.waitFor('y agree', 40_000);
  first.write('y');
  await first.waitFor('any key leaves', 40_000);
  first.write(' ');
  expect((await first.exit).status).toBe(0);
  expect((await staying.exit).status).toBe(0);
  expect(staying.scrollback().join('\n')).toContain('thaw  LIVE  A walk   VERIFIED');
});
