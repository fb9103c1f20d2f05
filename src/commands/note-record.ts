import { appendToRecord } from '../app/append-to-record.ts';
import { type CommandContext, printLine } from '../app/command-context.ts';
import { exitStatus } from '../app/exit-status.ts';
import type { LoggedRun } from '../app/run-log.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';

/** What is known only afterwards: findings, action items, what a person judged. */
export async function noteRecord(
  request: { readonly run: LoggedRun; readonly logFolder: string; readonly text: string },
  context: CommandContext,
): Promise<Outcome<number>> {
  const { run, logFolder } = request;
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
    runId: run.folder.id,
    logFolder,
    entry: async () => succeed({ kind: 'note-added', text }),
  });
  if (!written.ok) return written;
  for (const warning of written.value.warnings) printLine(context, warning);
  printLine(context, `noted; head ${written.value.head}`);
  return succeed(exitStatus.verified);
}
