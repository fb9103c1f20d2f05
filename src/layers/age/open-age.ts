import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBodyError, failureOfBodyError } from '../../base/body-error.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { Secret } from '../../base/secret.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import type { OpenedLayer } from '../layer.ts';
import { fromWeb } from '../stream-parts.ts';
import { damagedMessage, wrongIdentity } from './age-failure.ts';
import { openWithAgeProgram } from './age-program.ts';
import { type Identities, readIdentities } from './read-identities.ts';
import { removeArmor } from './remove-armor.ts';

const noIdentities: Identities = { own: [] };

/**
 * The content of an age message. age authenticates every 64 KiB by itself, but only the last one says that nothing was cut
 * off: the stream ends cleanly after that one alone.
 */
export async function openAge(request: {
  readonly source: Readable;
  readonly identityFile: string | undefined;
  readonly passphrase?: Secret | undefined;
  readonly processes: ProcessRunner;
}): Promise<Outcome<OpenedLayer>> {
  const { source, identityFile, passphrase, processes } = request;
  if (identityFile === undefined && passphrase === undefined) {
    source.destroy();
    return fail(
      wrongIdentity({
        message: 'The backup is encrypted with age, and neither an age identity nor a passphrase is given.',
        remedy: 'Name the file with the identity as backups.key.ageIdentityFile in the runbook.',
      }),
    );
  }
  const identities = identityFile === undefined ? succeed(noIdentities) : await readIdentities(identityFile);
  if (!identities.ok) {
    source.destroy();
    return identities;
  }
  const { own, forProgram } = identities.value;
  if (identityFile !== undefined && forProgram !== undefined)
    return openWithAgeProgram({ source, identityFile, processes });
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  for (const identity of own) decrypter.addIdentity(identity);
  if (passphrase !== undefined) decrypter.addPassphrase(passphrase.reveal());
  let plain: ReadableStream<Uint8Array>;
  try {
    const binary = removeArmor(source);
    plain = await decrypter.decrypt(Readable.toWeb(binary) as ReadableStream<Uint8Array>);
  } catch (error) {
    source.destroy();
    const carried = failureOfBodyError(error) ?? failureOfBodyError(source.errored);
    // The library has no codes; a message whose header it can read and not open is for somebody else.
    return fail(
      carried ??
        wrongIdentity({
          message:
            identityFile === undefined
              ? 'The passphrase does not open the backup.'
              : `None of the ${own.length} age identities in ${identityFile} opens the backup.`,
          remedy:
            'Give the identity of one of its recipients, or its passphrase; if it is the right one, the backup is damaged.',
          error,
        }),
    );
  }
  const stream = new PassThrough({ highWaterMark: 1024 * 1024 });
  stream.on('error', () => {});
  const settled = pipeline(fromWeb(plain), stream, { end: false }).then(
    () => {
      stream.end();
    },
    (error: unknown) => {
      stream.destroy(createBodyError(failureOfBodyError(source.errored) ?? damagedMessage(error)));
    },
  );
  stream.once('close', () => source.destroy());
  return succeed({ stream, settled, engine: 'age-encryption' });
}
