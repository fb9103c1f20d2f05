import { exitStatus, type StatusName, statusWords } from '../src/app/exit-status.ts';
import { failureCodes } from '../src/base/failure.ts';
import { stepSchema } from '../src/kinds/step-schema.ts';
import { handlers } from '../src/registry/handlers.ts';
import { homeHelp } from '../src/ui/home/home-help.ts';
import { keymap } from '../src/ui/keymap.ts';

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
    ...stepSchema.options.flatMap((option) => {
      const fields = Object.entries(option.shape).filter(([name]) => !commonFields.has(name));
      if (fields.length === 0) return [];
      const kind = option.shape.kind.value;
      return [
        `### ${kind}`,
        '',
        ...fields.map(([name, field]) => `- \`${name}\`${field.description ? `: ${field.description}` : ''}`),
        '',
      ];
    }),
    'Every step may have `id` (defaults to the kind), `title`, and `alongside: true` (runs while the step before it runs).',
    '',
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

const commonFields = new Set(['kind', 'id', 'title', 'alongside']);

const crashWords = {
  'run-again': 'runs again; nothing it does hurts twice',
  'look-first': 'looks at what was done and goes on from there',
  ask: 'asks a person first',
} as const;

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
