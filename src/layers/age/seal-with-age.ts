import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { RecipientDescription } from '../../ports/packer.ts';
import { fromWeb, toWeb } from '../stream-parts.ts';
import { wrongIdentity } from './age-failure.ts';

export async function describeAgeRecipients(
  recipients: readonly string[],
): Promise<Outcome<RecipientDescription>> {
  const encrypter = await makeEncrypter(recipients);
  return encrypter.ok ? succeed({ keyIds: [], text: recipients.join(', ') }) : encrypter;
}

/** An error of the source goes on through the stream, so that a cut-off dump never gets age's last block. */
export async function sealWithAge(request: {
  readonly source: Readable;
  readonly recipients: readonly string[];
}): Promise<Outcome<Readable>> {
  const { source, recipients } = request;
  const encrypter = await makeEncrypter(recipients);
  if (!encrypter.ok) {
    source.destroy();
    return encrypter;
  }
  const sealed = await encrypter.value.encrypt(toWeb<Uint8Array>(source));
  const stream = new PassThrough({ highWaterMark: 1024 * 1024 });
  stream.on('error', () => {});
  void pipeline(fromWeb(sealed), stream, { end: false }).then(
    () => {
      if (source.errored === null) stream.end();
      else stream.destroy(source.errored);
    },
    (error: Error) => {
      stream.destroy(source.errored ?? error);
    },
  );
  stream.once('close', () => source.destroy());
  return succeed(stream);
}

async function makeEncrypter(recipients: readonly string[]) {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (error) {
      return fail(
        wrongIdentity({
          message: `${recipient} is no age recipient.`,
          remedy: 'Write the public key that age-keygen shows: age1….',
          error,
        }),
      );
    }
  }
  return succeed(encrypter);
}
