import { PassThrough, type Readable } from 'node:stream';
import { createBodyError } from '../../base/body-error.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { RecipientDescription } from '../../ports/packer.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { wrongKey } from '../unpack-failure.ts';
import { readStatusLine } from './gpg-status.ts';

/** What is empty counts as left out. */
export type GpgRecipient = {
  /** An armored or binary public key. Left out: `recipient` is looked for in the keyring of gpg. */
  readonly publicKeyFile?: string | undefined;
  readonly recipient?: string | undefined;
  readonly gnupgHome?: string | undefined;
};
type Gpg = { readonly recipient: GpgRecipient; readonly processes: ProcessRunner };

/** gpg neither reads nor writes for that long only when something is broken; waiting for its reader does not count. */
const stallMs = 600_000;

function environment({ gnupgHome }: GpgRecipient): Readonly<Record<string, string>> {
  return { LC_ALL: 'C', ...(gnupgHome ? { GNUPGHOME: gnupgHome } : {}) };
}

function encryptArguments({ publicKeyFile, recipient }: GpgRecipient): readonly string[] {
  return [
    ...['--batch', '--no-tty', '--quiet', '--no-auto-key-locate', '--status-fd', '2'],
    // The runbook names the key; no web of trust has a say in it.
    ...['--trust-model', 'always'],
    // The content is compressed already.
    ...['--compress-algo', 'none', '--encrypt'],
    ...(publicKeyFile ? ['--recipient-file', publicKeyFile] : ['--recipient', recipient ?? '']),
  ];
}

/** Encrypts a few bytes: whether the key is there, unexpired and fit for encryption, and for which subkey gpg encrypts. */
export async function describeGpgRecipient(gpg: Gpg): Promise<Outcome<RecipientDescription>> {
  const { recipient, processes } = gpg;
  const name = nameOf(recipient);
  const sealed = await processes.run({
    program: 'gpg',
    args: [...encryptArguments(recipient), '--armor'],
    env: environment(recipient),
    input: 'thaw',
    stallMs,
  });
  if (!sealed.ok) return sealed;
  if (sealed.value.exitCode !== 0) return fail(noRecipient(name, sealed.value.stderr));
  const listed = await processes.run({
    program: 'gpg',
    args: ['--batch', '--no-tty', '--with-colons', '--list-packets'],
    env: environment(recipient),
    input: sealed.value.stdout,
    stallMs,
  });
  // The public key packet says for whom; gpg may end with 2 here, since it cannot open the message.
  const keyIds = listed.ok
    ? [...listed.value.stdout.matchAll(/^:pubkey enc packet:.* keyid ([0-9A-F]{16})/gm)].map(
        ([, id = '']) => id,
      )
    : [];
  return succeed({ keyIds, text: `${name} (${keyIds.join(', ')})` });
}

/** The stream ends cleanly only after gpg ended with 0 and the source ended cleanly. */
export async function sealWithGpg(request: Gpg & { readonly source: Readable }): Promise<Outcome<Readable>> {
  const { source, recipient, processes } = request;
  const content = new PassThrough({ highWaterMark: 1024 * 1024 });
  content.on('error', () => {});
  // gpg sees a source that breaks off as a short file and ends well: its cause must win.
  source.once('error', (error) => content.destroy(error));
  const finish = async () => {
    const run = await processes.run({
      program: 'gpg',
      args: encryptArguments(recipient),
      env: environment(recipient),
      inputFrom: source,
      outputTo: content,
      stallMs,
      stillWorking: async () => content.writableNeedDrain,
    });
    if (content.destroyed) return;
    if (!run.ok) content.destroy(createBodyError(run.failure));
    else if (run.value.exitCode !== 0) {
      content.destroy(createBodyError(noRecipient(nameOf(recipient), run.value.stderr)));
    } else if (source.errored !== null) content.destroy(source.errored);
    else if (!source.readableEnded) content.destroy(new Error('the source closed early'));
    else content.end();
  };
  void finish();
  content.once('close', () => source.destroy());
  return succeed(content);
}

function nameOf({ publicKeyFile, recipient }: GpgRecipient): string {
  return publicKeyFile || recipient || '';
}

function noRecipient(name: string, words: string): Failure {
  const statuses = words.split('\n').flatMap((line) => readStatusLine(line) ?? []);
  const why = statuses.some(({ keyword }) => keyword === 'INV_RECP')
    ? 'gpg cannot encrypt to it'
    : 'gpg fails';
  return wrongKey({
    message: `The backup cannot be encrypted to ${name}: ${why}.`,
    remedy:
      'Name a public key that can encrypt and has not expired, as publicKeyFile or as recipient in the keyring.',
    detail: words.replace(/^\[GNUPG:\].*\n?/gm, '').trim(),
  });
}
