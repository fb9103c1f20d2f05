import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// `npm run faults`: docs/faults.md from what the last whole `npm run test:faults` tried (.thaw/results/*.faults.json).

type Trial = {
  readonly walk: string;
  readonly effect: string;
  readonly fault: string;
  readonly verdict: string;
};

const root = join(import.meta.dirname, '..');
const results = join(root, '.thaw/results');

function read(prefix: string): readonly Trial[] {
  const files = readdirSync(results).filter(
    (name) => name.startsWith(prefix) && name.endsWith('.faults.json'),
  );
  return files.flatMap((name) => JSON.parse(readFileSync(join(results, name), 'utf8')) as Trial[]);
}

const walks: Readonly<Record<string, string>> = {
  live: 'A live restore',
  drill: 'A drill',
  rollback: 'A roll-back',
};

/** One row an effect, one column a fault. */
function table(trials: readonly Trial[], nameOf: (effect: string) => string): readonly string[] {
  const faults = [...new Set(trials.map(({ fault }) => fault))].toSorted();
  const effects = [...new Set(trials.map(({ effect }) => effect))].toSorted((one, other) =>
    one.localeCompare(other, 'en', { numeric: true }),
  );
  const verdict = (effect: string, fault: string) =>
    trials.find((trial) => trial.effect === effect && trial.fault === fault)?.verdict ?? '–';
  return [
    `| effect | ${faults.join(' | ')} |`,
    `| --- |${faults.map(() => ' --- |').join('')}`,
    ...effects.map(
      (effect) => `| \`${nameOf(effect)}\` | ${faults.map((fault) => verdict(effect, fault)).join(' | ')} |`,
    ),
  ];
}

function sections(title: string, ...[trials, nameOf]: [readonly Trial[], (effect: string) => string]) {
  return Object.entries(walks).flatMap(([walk, name]) => {
    const own = trials.filter((trial) => trial.walk === walk);
    return own.length === 0 ? [] : [`## ${name}${title}`, '', ...table(own, nameOf), ''];
  });
}

const every = read('every-effect-');
const swap = read('swap-');
const text = [
  '<!-- Written by `npm run faults` from the results of `npm run test:faults`. -->',
  '# What was broken on purpose, and what came of it',
  '',
  `A walk on a real PostgreSQL, stopped at exactly one of its effects: each SQL statement, program, request, rename, link, removal and fsync is known to the`,
  'test because the process itself tells it (`test/faults/inject.js`), so that a new effect is in the list by itself. There the process was killed, its',
  'connections were cut, or the server was restarted. Then the test did what thaw says, to the end, and back again with `thaw rollback`, and looked without',
  'thaw: the old database is there whole at any moment, and at the end everything is as it is after an undisturbed walk: databases, doors, roles, files,',
  'and a record that verifies.',
  '',
  `${every.length + swap.length} faults: ${every.length} at every kind of effect, ${swap.length} at every single effect of the swap.`,
  '',
  '- *survived*: the walk came to its end by itself.',
  '- *gone on with*: it was over; `thaw resume`, or the same command again, led to the same end.',
  '- *never came*: of that kind there were fewer than in the walk before.',
  '',
  ...sections('', every, (effect) => effect),
  ...sections(', every single effect of the swap', swap, (effect) => effect),
].join('\n');
writeFileSync(join(root, 'docs/faults.md'), text);
