import { z } from 'zod';
import { isKnownProgram } from '../../base/programs.ts';
import { duration, text } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';

export const commandKind = declareKind({
  kind: 'command',
  title: 'Run a command',
  uses: ['processes'],
  about: 'Runs one program of this host without a shell. After a crash a person says whether it was done.',
  example: '- kind: command\n  program: systemctl\n  args: [reload, nginx]',
  programs: ({ program }) => (isKnownProgram(program) ? [{ program }] : []),
  fields: {
    program: text.describe('A program of this host, by name or path'),
    args: z.array(z.string()).default([]).describe('Its arguments, one each; no shell reads them'),
    cwd: text.optional().describe('The folder it runs in; the current one when left out'),
    env: z
      .record(text, z.string())
      .default({})
      .describe('Added to a small clean environment; empty values are left out'),
    stall: duration.default('15m').describe('No line of output for that long counts as stalled'),
    inDrill: z.boolean().default(false).describe('Whether a drill runs it too'),
  },
  afterCrash: 'ask',
  inArguments: ({ program, args }) => [program, ...args],
});
