import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type CommandContext, printLine } from '../app/command-context.ts';
import { exitStatus } from '../app/exit-status.ts';
import { everywhere } from '../app/options.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { commandOperand, defineCommand, type ManPage } from './command.ts';

export const man = defineCommand({
  name: 'man',
  about: 'the manual pages: of thaw, of one command, or all of them --into a folder',
  operands: { words: commandOperand },
  options: ['into', ...everywhere],
  examples: [
    { line: 'thaw man restore | man -l -', about: 'read one' },
    { line: 'thaw man --into /usr/local/share/man/man1', about: 'install them all; then `man thaw` works' },
  ],
  statuses: { verified: 'printed, or written', failed: 'a page could not be written' },
  run: async (context, { operands, options }) => {
    const found = context.pages.man(operands.words);
    if (!found.ok) return found;
    if (options.into !== undefined) return write(found.value, { ...context, into: options.into });
    // Without a name only the first page, which leads to the others.
    const shown = operands.words.length === 0 ? found.value.slice(0, 1) : found.value;
    for (const { text } of shown) context.stdout.write(text);
    return succeed(exitStatus.verified);
  },
});

async function write(
  pages: readonly ManPage[],
  context: Pick<CommandContext, 'folder' | 'stdout'> & { readonly into: string },
): Promise<Outcome<number>> {
  const folder = resolve(context.folder, context.into);
  try {
    await mkdir(folder, { recursive: true });
    for (const { file, text } of pages) await writeFile(join(folder, file), text);
  } catch (error) {
    return fail(describeFileFailure({ doing: `write manual pages to ${folder}`, error }));
  }
  printLine(context, `${pages.length} manual pages are in ${folder}.`);
  return succeed(exitStatus.verified);
}
