import { z } from 'zod';
import { optionalText, text } from '../../kinds/fields.ts';
import { declareKind, type Plan, type StepOf, stepId } from '../../kinds/kind.ts';

export const openSecretsKind = declareKind({
  kind: 'open-secrets',
  title: 'Open secrets',
  uses: ['host', 'secretFiles'],
  about:
    'Opens a file encrypted with SOPS with the age key and puts it in place; the file before it is kept.',
  example: '- kind: open-secrets\n  from: secrets.production.env',
  fields: {
    from: z
      .string()
      .describe(
        'A file encrypted with SOPS to an age key; where the placeholder comes out empty, what is in place stays as it is',
      ),
    format: z
      .enum(['dotenv', 'yaml', 'json', 'binary'])
      .default('dotenv')
      .describe('What it is, encrypted and opened'),
    into: optionalText.describe('The plain file; production.envFile when left out'),
    ageIdentityFile: optionalText.describe('The age key; backups.key.ageIdentityFile when left out'),
    required: z
      .array(text)
      .default([])
      .describe('Names that must be in it, and not empty; db.password in a tree'),
  },
  afterCrash: 'run-again',
  lint(step, { backups, production }) {
    const id = stepId(step);
    return [
      ...(step.ageIdentityFile || backups.key.ageIdentityFile
        ? []
        : [`${id} needs an age key: ageIdentityFile, or backups.key.ageIdentityFile.`]),
      ...(step.into || production.envFile !== undefined
        ? []
        : [`${id} needs a place for the opened file: into, or production.envFile.`]),
      ...(step.format === 'binary' && step.required.length > 0
        ? [`${id} requires ${step.required.join(', ')}, but a binary file has no names.`]
        : []),
    ];
  },
});

export type OpenSecretsStep = StepOf<typeof openSecretsKind>;

/** Of these the file that `reader` reads is put in place after it, or beside it: it may read the one that is about to be replaced. */
export function openedTooLate(index: number, { steps, production }: Plan): readonly string[] {
  return steps.flatMap((step, position) => {
    if (!isOpening(step) || (step.into && step.into !== production.envFile)) return [];
    const beside =
      position < index && steps.slice(position + 1, index + 1).every(({ alongside }) => alongside);
    return index < position || beside ? [stepId(step)] : [];
  });
}

function isOpening(step: Plan['steps'][number]): step is OpenSecretsStep {
  return step.kind === openSecretsKind.kind;
}
