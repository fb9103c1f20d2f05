import { z } from 'zod';
import { alertKinds } from '../src/adapters/alerts/list.ts';
import { exitStatus, type StatusName, statusWords } from '../src/app/exit-status.ts';
import { failureCodes } from '../src/base/failure.ts';
import { type ProgramName, type ProgramPart, programs } from '../src/base/programs.ts';
import { knownLayouts } from '../src/draft/layouts/list.ts';
import { commonFields } from '../src/kinds/kind.ts';
import { layers } from '../src/layers/list.ts';
import type { DeclaredFields, Kinds } from '../src/platform/declare-fields.ts';
import { readDistribution } from '../src/platform/distribution.ts';
import { wayOf } from '../src/platform/packages.ts';
import type { Port } from '../src/ports/world.ts';
import { handlers, runbookSchema } from '../src/registry/kinds.ts';
import { routes, services } from '../src/services/list.ts';
import { stores } from '../src/stores/list.ts';
import { homeHelp } from '../src/ui/home/home-help.ts';
import { keymap } from '../src/ui/keymap.ts';
import { choiceKey, fieldsOf, renderFields } from './render-fields.ts';

/** Step kinds, failure codes, exit statuses and keys, from the places that define them. */
export function renderReference(): string {
  return [
    '# Reference',
    '',
    'Written by `npm run reference` from the code; do not edit.',
    '',
    '## Step kinds',
    '',
    '| kind | title | can reach | after a crash | may be left out |',
    '| --- | --- | --- | --- | --- |',
    ...Object.values(handlers).map(({ kind, title, uses, afterCrash, essential }) =>
      row([
        `\`${kind}\``,
        title,
        uses.length === 0 ? 'nothing' : uses.map((port) => portWords[port]).join(', '),
        crashWords[afterCrash],
        essential === undefined ? 'with a reason' : `no: ${essential}`,
      ]),
    ),
    '',
    'Every step may have these, beside those of its kind:',
    '',
    ...renderFields(fieldsOf(z.object(commonFields))),
    '',
    ...Object.values(handlers).flatMap(({ kind, about, example, schema }) => [
      `### ${kind}`,
      '',
      about,
      '',
      '```yaml',
      example,
      '```',
      '',
      ...tableOf(schema, common),
    ]),
    '## The runbook',
    '',
    'Everything around the steps. Durations are written as 90s, 30m or 1h 30m; every text may hold placeholders.',
    '',
    ...renderFields(fieldsOf(runbookSchema), { leaveOut: new Set(['steps']), known }),
    '',
    ...choices.flatMap(chapterOf),
    ...layersAsTable(),
    ...programsAsTable(),
    ...layoutsAsTable(),
    '## Failure codes',
    '',
    failureCodes.map((code) => `\`${code}\``).join(', '),
    '',
    '## Exit status',
    '',
    ...(Object.keys(exitStatus) as StatusName[]).map((name) => `- ${exitStatus[name]}: ${statusWords[name]}`),
    '',
    'What they mean for one command stands in [commands.md](commands.md).',
    '',
    '## Keys',
    '',
    '### the first page',
    '',
    ...homeHelp.map(([key, does]) => `- \`${key}\` ${does}`),
    '',
    ...Object.entries(keymap).flatMap(([where, keys]) => [
      `### ${where}`,
      '',
      ...(keys.length === 0
        ? ['Any key leaves.']
        : keys.map(
            ({ shown, name, does }) => `- \`${shown}\` ${typeof name === 'string' ? name : 'go on'}: ${does}`,
          )),
      '',
    ]),
  ].join('\n');
}

/** What each is called on the newest release of each family; what depends on the release stands below. */
const showing: readonly (readonly [heading: string, osRelease: string])[] = [
  ['Debian 12', 'ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm'],
  ['Debian 13', 'ID=debian\nVERSION_ID=13\nVERSION_CODENAME=trixie'],
  ['Ubuntu', 'ID=ubuntu\nVERSION_ID=24.04\nVERSION_CODENAME=noble'],
  ['Fedora', 'ID=fedora\nVERSION_ID=42'],
  ['RHEL and kin', 'ID=rocky\nVERSION_ID=9.6'],
  ['Alpine', 'ID=alpine\nVERSION_ID=3.22'],
  ['Arch', 'ID=arch'],
];

function programsAsTable(): readonly string[] {
  const hosts = showing.map(([, text]) => ({
    ...readDistribution(text),
    architecture: 'x64',
    asRoot: '' as const,
  }));
  const names = Object.entries(programs) as [ProgramName, { part: ProgramPart; about: string }][];
  const cells = (part: ProgramPart) =>
    hosts.map((host) => {
      const way = wayOf({ part }, { host, others: [] });
      if ('byHand' in way) return 'by hand';
      const from = way.from === undefined ? '' : { docker: ' (Docker)', pgdg: ' (PGDG)' }[way.from];
      return `\`${way.packages.join(' ')}\`${from}`;
    });
  return [
    '## Programs of the host',
    '',
    'What thaw starts, and the package that brings it. `thaw check` says which of them a runbook misses on this host, with the commands.',
    '(Docker) and (PGDG): from the repository of Docker, or of the PostgreSQL project, which the commands add first. Of PostgreSQL the distribution',
    'has one major version; where a newer one is needed it comes from PGDG by its number, as `postgresql-client-18` or `postgresql18`; Alpine has all as `postgresql18-client`.',
    '',
    `| program | for | ${showing.map(([heading]) => heading).join(' | ')} |`,
    `| --- | --- |${' --- |'.repeat(showing.length)}`,
    ...names.map(([name, { part, about }]) => row([`\`${name}\``, about, ...cells(part)])),
    '',
  ];
}

const common = new Set(['kind', ...Object.keys(commonFields)]);

/** Told once, and named wherever they stand. */
const choices: readonly Choice[] = [
  { heading: 'Stores', word: 'a [store](#stores)', about: 'Where objects are.', kinds: stores },
  {
    heading: 'Services',
    word: '[services](#services)',
    about: 'What starts and stops the application.',
    kinds: services,
  },
  {
    heading: 'Ways to a database',
    word: 'a [way to a database](#ways-to-a-database)',
    about: 'Through what a database is reached that has no port on this host.',
    kinds: routes,
  },
  {
    heading: 'Alert channels',
    word: '[alert channels](#alert-channels)',
    about: 'Whom `thaw monitor` and the scheduled jobs tell.',
    kinds: alertKinds,
  },
];

type Choice = {
  readonly heading: string;
  readonly word: string;
  readonly about: string;
  readonly kinds: Kinds<DeclaredFields>;
};

const known = new Map(
  choices.map(({ kinds: [first, ...rest], word }) => {
    const schemas = [first.schema, ...rest.map(({ schema }) => schema)] as const;
    return [choiceKey(fieldsOf(z.discriminatedUnion('kind', schemas))), word];
  }),
);

function chapterOf({ heading, about, kinds }: Choice): readonly string[] {
  return [
    `## ${heading}`,
    '',
    about,
    '',
    ...kinds.flatMap(({ kind, about, exampleText, secrets, schema }) => [
      `### ${kind}`,
      '',
      about,
      '',
      '```yaml',
      exampleText,
      '```',
      '',
      ...tableOf(schema, new Set(['kind'])),
      ...(secrets.length === 0
        ? []
        : [
            `Credentials, masked wherever they stand: ${secrets.map((name) => `\`${name}\``).join(', ')}.`,
            '',
          ]),
    ]),
  ];
}

/** Compressions and encryptions, as the ending of a key says them. */
function layersAsTable(): readonly string[] {
  return [
    '## How dumps are wrapped',
    '',
    'The last endings of a key say it, the outermost last: `.dump.gz.gpg` is gzip in OpenPGP. `producer.compression` and `producer.encrypt` make them.',
    '',
    '| name | endings | what it does | what it is |',
    '| --- | --- | --- | --- |',
    ...layers.map(({ name, endings, does, about }) =>
      row([`\`${name}\``, endings.map((one) => `\`.${one}\``).join(', '), does, about]),
    ),
    '',
  ];
}

function layoutsAsTable(): readonly string[] {
  return [
    '## Layouts that `thaw init` knows',
    '',
    'By the names of what lies in the store. Dumps of other scripts are taken by the dates in their names.',
    '',
    '| whose | what lies there |',
    '| --- | --- |',
    ...knownLayouts.map(({ name, leaves }) => row([name, leaves])),
    '',
  ];
}

function tableOf(schema: z.ZodType, leaveOut: ReadonlySet<string>): readonly string[] {
  const rows = renderFields(fieldsOf(schema), { leaveOut, known });
  return rows.length === 0 ? [] : [...rows, ''];
}

const portWords: Readonly<Record<Port, string>> = {
  host: 'files of this host, its clock, pages',
  processes: 'programs of this host',
  stores: 'object stores',
  databases: 'PostgreSQL servers',
  dumpTools: 'pg_dump and pg_restore',
  keys: 'the keys of backups',
  trees: 'folders of this host',
  clusters: 'PostgreSQL clusters of this host',
  secretFiles: 'encrypted env files',
  services: 'services',
  mail: 'mail servers and DNS',
};

const crashWords = {
  'run-again': 'runs again; nothing it does hurts twice',
  'look-first': 'looks at what was done and goes on from there',
  ask: 'asks a person first',
} as const;

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
