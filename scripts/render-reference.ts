import { z } from 'zod';
import { exitStatus, type StatusName, statusWords } from '../src/app/exit-status.ts';
import { failureCodes } from '../src/base/failure.ts';
import { servicesSchema, storeSchema } from '../src/kinds/fields.ts';
import { commonFields } from '../src/kinds/kind.ts';
import { handlers, runbookSchema } from '../src/registry/kinds.ts';
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
    '| kind | title | after a crash | may be left out |',
    '| --- | --- | --- | --- |',
    ...Object.values(handlers).map(({ kind, title, afterCrash, essential }) =>
      row([
        `\`${kind}\``,
        title,
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
    ...choices.flatMap(({ heading, about, schema }) => [
      `## ${heading}`,
      '',
      about,
      '',
      ...variantsAsTables(schema),
    ]),
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

const common = new Set(['kind', ...Object.keys(commonFields)]);

/** Told once, and named wherever they stand. */
const choices = [
  { heading: 'Stores', word: 'a [store](#stores)', about: 'Where objects are.', schema: storeSchema },
  {
    heading: 'Services',
    word: '[services](#services)',
    about: 'What starts and stops the application.',
    schema: servicesSchema,
  },
];

const known = new Map(choices.map(({ schema, word }) => [choiceKey(fieldsOf(schema)), word]));

function variantsAsTables(schema: z.ZodType): readonly string[] {
  return (fieldsOf(schema).oneOf ?? []).flatMap((variant) => [
    `### ${variant.properties?.kind?.const}`,
    '',
    ...(variant.description === undefined ? [] : [variant.description, '']),
    ...renderFields(variant, { leaveOut: new Set(['kind']), known }),
    '',
  ]);
}

function tableOf(schema: z.ZodType, leaveOut: ReadonlySet<string>): readonly string[] {
  const rows = renderFields(fieldsOf(schema), { leaveOut, known });
  return rows.length === 0 ? [] : [...rows, ''];
}

const crashWords = {
  'run-again': 'runs again; nothing it does hurts twice',
  'look-first': 'looks at what was done and goes on from there',
  ask: 'asks a person first',
} as const;

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
