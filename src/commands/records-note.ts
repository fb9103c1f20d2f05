import { resolve } from 'node:path';
import { type CommandContext, printLine } from '../app/command-context.ts';
import { exitStatus } from '../app/exit-status.ts';
import { everywhere } from '../app/options.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { defineCommand, required } from './command.ts';

export const recordsNote = defineCommand({
  name: 'records note',
  about: 'what is known only afterwards: findings, action items, what a person judged',
  more: ['docs/records.md says how a note is read: `gap:`, `action:` and other first words.'],
  operands: {
    run: required({ word: 'RUN', about: 'the name of a run', completes: 'run' }),
    text: required({ word: 'TEXT', about: 'the note, in quotes' }),
  },
  options: everywhere,
  examples: [
    {
      line: "thaw records note 2026-04-28T1448Z-crm-drill 'gap: nobody knew the vault'",
      about: 'a finding',
    },
  ],
  statuses: {
    verified: 'noted',
    blocked: 'the run has not come to an end, or another process works on it',
    damaged: 'the record cannot be vouched for, so nothing is added to it',
  },
  run: (context, { operands, options }) =>
    note({ ...operands, logFolder: resolve(context.folder, options.logFolder) }, context),
});

async function note(
  request: { readonly run: string; readonly logFolder: string; readonly text: string },
  context: Pick<CommandContext, 'stdout'>,
): Promise<Outcome<number>> {
  const { findRun } = await import('../app/run-log.ts');
  const { appendToRecord } = await import('../app/append-to-record.ts');
  const { logFolder } = request;
  const run = await findRun({ logFolder, named: request.run, fits: () => true, what: 'run' });
  if (!run.ok) return run;
  const text = request.text.trim();
  if (text === '') {
    return fail({
      code: 'invalid-input',
      message: 'The note is empty.',
      remedy: 'Write it in quotes: thaw records note RUN "gap: nobody knew the vault".',
      retry: 'after-fix',
    });
  }
  const written = await appendToRecord({
    runId: run.value.folder.id,
    logFolder,
    entry: async () => succeed({ kind: 'note-added', text }),
  });
  if (!written.ok) return written;
  for (const warning of written.value.warnings) printLine(context, warning);
  printLine(context, `noted; head ${written.value.head}`);
  return succeed(exitStatus.verified);
}
