import { resolve } from 'node:path';
import { type CommandContext, printLine } from '../app/command-context.ts';
import { exitStatus } from '../app/exit-status.ts';
import { everywhere } from '../app/options.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { defineCommand, required } from './command.ts';

export const cell = defineCommand({
  name: 'cell',
  about: 'the statements that make a role which restores dumps and reaches nothing else',
  more: [
    'For a database URL whose user may make no role: an administrator runs the statements once. The role restores; the user gives away what it made. The password stands in FILE alone, as an env file has it; the statements hold what the server keeps of it.',
    `The runbook names it beside the URL: cell: { role: thaw_cell, password: \${THAW_CELL_PASSWORD} }, and FILE is given with --env-file.`,
  ],
  operands: {
    user: required({ word: 'USER', about: 'the user of the database URL' }),
    file: required({ word: 'FILE', about: 'where the password is written', completes: 'file' }),
  },
  options: ['sql', ...everywhere],
  examples: [{ line: 'thaw cell --sql shop_owner cell.env', about: 'for an administrator of the server' }],
  statuses: {
    verified: 'the statements are printed, and the password is in FILE',
    blocked: 'there is a file of that name already',
    failed: 'the file could not be written',
  },
  run: (context, { operands, options }) => printStatements({ ...operands, ...options }, context),
});

const role = 'thaw_cell';

/** Never over a file that is there: it could hold the password that a role has now. */
async function printStatements(
  { user, file, sql }: { readonly user: string; readonly file: string; readonly sql: boolean },
  context: Pick<CommandContext, 'stdout' | 'folder'>,
): Promise<Outcome<number>> {
  const path = resolve(context.folder, file);
  const { givenCellStatements, randomPassword } = await import('../base/role-login.ts');
  const { writeNewFile } = await import('../platform/durable-files.ts');
  const password = randomPassword();
  try {
    await writeNewFile({ path, content: `THAW_CELL_PASSWORD=${password.reveal()}\n`, mode: 0o600 });
  } catch (error) {
    return fail(describeFileFailure({ doing: `write ${path}`, error }));
  }
  for (const statement of givenCellStatements({ role, user, password })) printLine(context, `${statement};`);
  if (sql) return succeed(exitStatus.verified);
  printLine(
    context,
    `→ Let an administrator of the server run these, in any database. The password is in ${path}.`,
  );
  printLine(
    context,
    `→ In the runbook, beside the url: cell: { role: ${role}, password: \${THAW_CELL_PASSWORD} }; then give --env-file ${path}.`,
  );
  return succeed(exitStatus.verified);
}
