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
  company: 'A live restore from S3 with OpenPGP, objects and services: what the walks above do not have',
  'company-rollback': 'Its roll-back: what the walks above do not have',
  compose: 'The same with its services in containers of Docker Compose: what the walks above do not have',
  'compose-rollback': 'Its roll-back: what the walks above do not have',
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

/** What was drawn: how often each fault, in which walk, and what came of it. */
function drawnTable(trials: readonly Trial[]): readonly string[] {
  const [faults, verdicts] = [
    [...new Set(trials.map(({ fault }) => fault))].toSorted(),
    [...new Set(trials.map(({ verdict }) => verdict))].toSorted(),
  ];
  const count = (fault: string, verdict: string) => {
    const number = trials.filter((trial) => trial.fault === fault && trial.verdict === verdict).length;
    return number === 0 ? '–' : String(number);
  };
  return [
    `| fault | ${verdicts.join(' | ')} |`,
    `| --- |${verdicts.map(() => ' --- |').join('')}`,
    ...faults.map(
      (fault) => `| ${fault} | ${verdicts.map((verdict) => count(fault, verdict)).join(' | ')} |`,
    ),
  ];
}

const every = read('every-effect-');
const swap = read('swap-');
const drawn = read('seeded-');
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
  `${every.length + swap.length + drawn.length} faults: ${every.length} at every kind of effect, ${swap.length} at every single effect of the swap, ${drawn.length} drawn over all effects of all walks.`,
  '',
  '- *survived*: the walk came to its end by itself.',
  '- *gone on with*: it was over; `thaw resume`, or the same command again, led to the same end.',
  '- *refused, then gone on with*: `thaw resume` refused with the status and the words it should, and changed nothing; mended, it led to the same end.',
  '- *overtaken*: somebody else had restored meanwhile; neither took away what the other had kept.',
  '- *never came*: of that kind there were fewer than in the walk before.',
  '- –: not possible there, or not tried in the last pass.',
  '',
  ...sections('', every, (effect) => effect),
  ...sections(', every single effect of the swap', swap, (effect) => effect),
  ...(drawn.length === 0 ? [] : ['## Drawn over all effects of all walks', '', ...drawnTable(drawn), '']),
].join('\n');
writeFileSync(join(root, 'docs/faults.md'), text);
