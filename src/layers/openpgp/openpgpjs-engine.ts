import { createDecipheriv } from 'node:crypto';
import { Readable } from 'node:stream';
import type { PrivateKey, SessionKey } from 'openpgp';
import { createBodyError, failureOfBodyError } from '../../base/body-error.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { Secret } from '../../base/secret.ts';
import { errorWords } from '../../base/thrown.ts';
import { type StallWatch, watchForStall } from '../../platform/stall-watch.ts';
import { doubted, type OpenedLayer } from '../layer.ts';
import { fromWeb, quiet, toWeb } from '../stream-parts.ts';
import { damaged, wrongPassphrase, wrongRecipient } from '../unpack-failure.ts';
import type { MessageHead } from './message-head.ts';

const openpgpjsName = 'openpgp.js';

type OpenpgpjsRequest = {
  readonly source: Readable;
  readonly head: MessageHead;
  readonly keys: readonly PrivateKey[];
  readonly keyIds: readonly string[];
  readonly passphrase: Secret | undefined;
};

export async function openWithOpenpgpjs(request: OpenpgpjsRequest): Promise<Outcome<OpenedLayer>> {
  const { source, head, passphrase } = request;
  const openpgp = await import('openpgp');
  const usesPassphrase = head.recipients.length === 0;
  if (!usesPassphrase && !head.recipients.some((id) => /^0+$/.test(id) || request.keyIds.includes(id))) {
    source.destroy();
    return fail(wrongRecipient(head.recipients, request.keyIds));
  }
  try {
    const message = await readMessage(source, head);
    const reader = watchReader(source);
    const sessionKeys = usesPassphrase
      ? await openpgp.decryptSessionKeys({ message, passwords: [passphrase?.reveal() ?? ''] })
      : await openpgp.decryptSessionKeys({ message, decryptionKeys: [...request.keys] });
    // The declaration forgets that the cipher of the newest messages is not told by their session key.
    const fitting = (sessionKeys as SessionKey[]).filter((key) => passesQuickCheck(key, head) !== false);
    if (fitting.length === 0) throw new Error('The quick check of the first block does not hold');
    const decrypted = openpgp.decrypt({
      message,
      sessionKeys: fitting,
      format: 'binary',
      // Without this the whole content is held in memory until its checksum is seen. What comes out is therefore not
      // to be trusted before the clean end, and nobody does: it goes to a temporary file, or is a mere look.
      config: { allowUnauthenticatedStream: true },
    });
    const { data } = await reader.within(decrypted);
    const opened = quiet(fromWeb(data, { highWaterMark: 1024 * 1024 }));
    return succeed({
      stream: classifyErrors(opened, { usesPassphrase, reader }),
      engine: openpgpjsName,
    });
  } catch (error) {
    source.destroy();
    return fail(failureOfBodyError(source.errored) ?? classify(error, usesPassphrase));
  }
}

async function readMessage(source: Readable, head: MessageHead) {
  const openpgp = await import('openpgp');
  if (!head.armored) return openpgp.readMessage({ binaryMessage: toWeb<Uint8Array>(source) });
  source.setEncoding('latin1');
  return openpgp.readMessage({ armoredMessage: toWeb<string>(source) });
}

function classifyErrors(
  opened: Readable,
  {
    usesPassphrase,
    reader,
  }: { readonly usesPassphrase: boolean; readonly reader: ReturnType<typeof watchReader> },
): Readable {
  let hasYielded = false;
  const generator = async function* () {
    try {
      const chunks = opened[Symbol.asyncIterator]();
      for (;;) {
        const next = await reader.within(chunks.next());
        if (next.done) return;
        hasYielded = true;
        yield next.value as Uint8Array;
      }
    } catch (error) {
      // A wrong passphrase makes a wrong session key, and that makes nonsense from the first byte on.
      const failure = classify(error, usesPassphrase && !hasYielded);
      throw failureOfBodyError(error) === undefined ? createBodyError(failure) : error;
    }
  };
  const classified = quiet(Readable.from(generator(), { objectMode: false, highWaterMark: 1024 * 1024 }));
  classified.once('close', () => opened.destroy());
  return classified;
}

/** openpgp.js throws texts without codes. This is the one place that reads them. */
function classify(error: unknown, mayBePassphrase: boolean): Failure {
  const detail = errorWords(error);
  if (!mayBePassphrase && detail.includes('Modification detected')) {
    return damaged(
      'The encrypted data was changed after it was written: its checksum does not match.',
      detail,
    );
  }
  // Key and cipher kinds that openpgp.js does not know, lengths it misread before 6.3.2: gpg has the last word.
  return doubted(
    mayBePassphrase
      ? wrongPassphrase('this backup, or the beginning of the backup is damaged')
      : damaged('The encrypted data cannot be read.', detail),
  );
}

const ciphers: Readonly<Record<string, string>> = {
  aes128: 'aes-128-cfb',
  aes192: 'aes-192-cfb',
  aes256: 'aes-256-cfb',
};
const blockBytes = 16;

/**
 * The quick check of OpenPGP (RFC 9580, 5.13.1): behind a block of noise its last two bytes stand once more. A wrong session key, or
 * a beginning that was changed, is told by it before anything is read. openpgp.js leaves it out, and what it then takes for packets
 * may keep it waiting for ever.
 *
 * @returns undefined where nothing can be said: another cipher, or another kind of message.
 */
function passesQuickCheck(key: SessionKey, { opening }: MessageHead): boolean | undefined {
  const cipher = ciphers[key.algorithm ?? ''];
  // The version comes first; from version 2 on each piece has a tag of its own.
  if (cipher === undefined || opening[0] !== 1 || opening.length < blockBytes + 3) return undefined;
  const decipher = createDecipheriv(cipher, key.data, Buffer.alloc(blockBytes));
  const noise = decipher.update(opening.subarray(1, blockBytes + 3));
  return noise[14] === noise[16] && noise[15] === noise[17];
}

/** Far longer than any piece of work between two reads, also on a busy host. */
const stuckMs = 20_000;

/**
 * Tells when a reader has stopped reading: what it could have is there, or the end of it, and nothing is taken. openpgp.js may
 * come to that where it takes noise for packets. A source that is slow itself is somebody else's to watch.
 */
export function watchReader(source: Readable, limitMs = stuckMs) {
  let watch: StallWatch | undefined;
  // Whoever made the source a web stream has paused it: to listen does not make it flow.
  source.on('data', () => watch?.sawLife());
  const isWaitedFor = () => source.isPaused() || source.readableEnded || source.destroyed;
  return {
    /** The same, or a failure when nothing moves for that long. */
    async within<T>(work: Promise<T>): Promise<T> {
      const stuck = Promise.withResolvers<never>();
      watch = watchForStall({
        stallMs: limitMs,
        isOurTurn: () => !isWaitedFor(),
        onStall: () => stuck.reject(new Error('openpgp.js stopped reading in the middle of the message')),
      });
      try {
        return await Promise.race([work, stuck.promise]);
      } finally {
        watch.end();
      }
    },
  };
}
