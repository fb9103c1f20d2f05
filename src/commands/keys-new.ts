import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type CommandContext, printLine } from '../app/command-context.ts';
import { exitStatus } from '../app/exit-status.ts';
import { everywhere } from '../app/options.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { defineCommand, required } from './command.ts';

export const keysNew = defineCommand({
  name: 'keys new',
  about: 'a key that signs backups, as OpenSSH keeps one',
  more: [
    'The private half stays on the host that makes backups; a runbook names it as producer.sign.keyFile. Whoever restores pins the fingerprint (backups.signers), and keeps it elsewhere than the backups. An existing SSH key does as well.',
  ],
  operands: {
    file: required({
      word: 'FILE',
      about: 'where the private key is written; FILE.pub has the public one',
      completes: 'file',
    }),
  },
  options: everywhere,
  examples: [{ line: 'thaw keys new /etc/thaw/backup-signing', about: 'prints the fingerprint to pin' }],
  statuses: {
    verified: 'both files are written',
    blocked: 'there is a file of that name already',
    failed: 'a file could not be written',
  },
  run: (context, { operands }) => makeKeyFiles(operands.file, context),
});

/** Never over a file that is there: it could be the only copy of another key. */
async function makeKeyFiles(
  name: string,
  context: Pick<CommandContext, 'stdout' | 'folder'>,
): Promise<Outcome<number>> {
  const file = resolve(context.folder, name);
  const { makeKeyPair } = await import('../base/ssh-key.ts');
  const { writeNewFile } = await import('../platform/durable-files.ts');
  const { privateText, publicText, fingerprint } = makeKeyPair(`thaw backups of ${hostname()}`);
  for (const [path, text, mode] of [
    [file, privateText, 0o600],
    [`${file}.pub`, publicText, 0o644],
  ] as const) {
    try {
      await writeNewFile({ path, content: text, mode });
    } catch (error) {
      return fail(describeFileFailure({ doing: `write ${path}`, error }));
    }
  }
  printLine(context, fingerprint);
  printLine(
    context,
    `→ ${file} signs: producer.sign.keyFile. Pin ${fingerprint}: backups.signers, as BACKUP_SIGNERS.`,
  );
  return succeed(exitStatus.verified);
}
