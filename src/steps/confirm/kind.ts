import { z } from 'zod';
import { text } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';

export const confirmKind = declareKind({
  kind: 'confirm',
  title: 'Confirm',
  uses: [],
  about: 'A person reads something and agrees.',
  example: '- kind: confirm\n  text: The maintenance page is up.',
  fields: {
    text: text.describe('What is read and agreed to'),
    inDrill: z.boolean().default(true).describe('Whether a drill asks too'),
  },
  afterCrash: 'run-again',
  fills: ['proof', 'attestation'],
});
