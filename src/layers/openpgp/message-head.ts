/**
 * What an OpenPGP message shows before it is opened: whom it is for, and how its content is wrapped (RFC 9580, and
 * packet 20 of LibrePGP). Read by ourselves, since it decides which program opens the message and which keys a
 * failure names.
 */
export type MessageHead = {
  /** Long key ids, upper case; 0000000000000000 where the sender hid the recipient. */
  readonly recipients: readonly string[];
  /** How many passphrases open it. */
  readonly passphraseCount: number;
  /** seipd: with a checksum at the end (MDC) or AEAD of RFC 9580; aead: packet 20; unprotected: packet 9. */
  readonly container: 'seipd' | 'aead' | 'unprotected';
  readonly armored: boolean;
  /** The first bytes of the container's content, as far as they are at hand. */
  readonly opening: Buffer;
};

type HeadReading =
  | { readonly kind: 'message'; readonly head: MessageHead }
  | { readonly kind: 'cut' }
  | { readonly kind: 'other'; readonly why: string };

/** Room for a hundred recipients with big RSA keys. */
export const messageHeadBytes = 64 * 1024;

const openingBytes = 64;

/** Of the packets that hold the encrypted data: always the last of a message. */
export const containerTags: ReadonlyMap<number, MessageHead['container']> = new Map([
  [9, 'unprotected'],
  [18, 'seipd'],
  [20, 'aead'],
]);

const armorStart = '-----BEGIN PGP MESSAGE-----';

export function readMessageHead(bytes: Buffer): HeadReading {
  if (bytes.length === 0) return { kind: 'other', why: 'it is empty' };
  const armored = bytes.subarray(0, 200).toString('latin1').trimStart().startsWith(armorStart);
  return readPackets(armored ? decodeArmor(bytes) : bytes, armored);
}

function readPackets(bytes: Buffer, armored: boolean): HeadReading {
  const recipients: string[] = [];
  let passphraseCount = 0;
  let position = 0;
  for (;;) {
    const packet = readPacketHeader(bytes, position);
    if (packet === 'cut') return { kind: 'cut' };
    if (packet === 'no packet') return { kind: 'other', why: 'it is no OpenPGP message' };
    const body = bytes.subarray(packet.bodyAt, packet.bodyAt + (packet.length ?? 0));
    const container = containerTags.get(packet.tag);
    if (packet.tag === 1 || packet.tag === 3) {
      if (packet.length === undefined) return { kind: 'other', why: 'it is no OpenPGP message' };
      if (body.length < packet.length) return { kind: 'cut' };
      if (packet.tag === 3) passphraseCount += 1;
      else recipients.push(recipientOf(body));
    } else if (container !== undefined) {
      const opening = Buffer.from(bytes.subarray(packet.bodyAt, packet.bodyAt + openingBytes));
      return { kind: 'message', head: { recipients, passphraseCount, container, armored, opening } };
    } else if (packet.tag !== 10 && packet.tag !== 21) {
      // 10 is a marker, 21 is padding: both are to be passed over.
      return {
        kind: 'other',
        why: `it is OpenPGP data, but not an encrypted message (packet ${packet.tag})`,
      };
    }
    position = packet.bodyAt + (packet.length ?? 0);
  }
}

function recipientOf(body: Buffer): string {
  const hex = (bytes: Buffer) => bytes.toString('hex').toUpperCase();
  if (body[0] !== 6) return hex(body.subarray(1, 9));
  // Version 6 names the fingerprint, its key id being the end of one for old keys and the beginning for new ones.
  const length = body[1] ?? 0;
  if (length === 0) return '0'.repeat(16);
  const fingerprint = body.subarray(3, 2 + length);
  return hex(body[2] === 6 ? fingerprint.subarray(0, 8) : fingerprint.subarray(-8));
}

type PacketHeader = {
  readonly tag: number;
  readonly bodyAt: number;
  /** undefined when it is not known in advance: partial lengths, or until the end of the file. */
  readonly length: number | undefined;
  /** The first of several pieces. */
  readonly isPartial: boolean;
};

export function readPacketHeader(bytes: Buffer, at: number): PacketHeader | 'cut' | 'no packet' {
  const first = bytes[at];
  if (first === undefined) return 'cut';
  if ((first & 0x80) === 0) return 'no packet';
  if ((first & 0x40) !== 0) {
    const piece = readNewLength(bytes, at + 1);
    if (piece === 'cut') return 'cut';
    const length = piece.isPartial ? undefined : piece.length;
    return { tag: first & 0x3f, bodyAt: piece.bodyAt, length, isPartial: piece.isPartial };
  }
  const tag = (first >> 2) & 0x0f;
  const size = [1, 2, 4][first & 3];
  if (size === undefined) return { tag, bodyAt: at + 1, length: undefined, isPartial: false };
  if (bytes.length < at + 1 + size) return 'cut';
  return { tag, bodyAt: at + 1 + size, length: bytes.readUIntBE(at + 1, size), isPartial: false };
}

/** The length octets of the new format; also those between the pieces of a partial packet. */
export function readNewLength(
  bytes: Buffer,
  at: number,
): { readonly bodyAt: number; readonly length: number; readonly isPartial: boolean } | 'cut' {
  const first = bytes[at];
  if (first === undefined) return 'cut';
  if (first < 192) return { bodyAt: at + 1, length: first, isPartial: false };
  if (first < 224) {
    const second = bytes[at + 1];
    if (second === undefined) return 'cut';
    return { bodyAt: at + 2, length: (first - 192) * 256 + second + 192, isPartial: false };
  }
  if (first < 255) return { bodyAt: at + 1, length: 2 ** (first & 0x1f), isPartial: true };
  if (bytes.length < at + 5) return 'cut';
  return { bodyAt: at + 5, length: bytes.readUInt32BE(at + 1), isPartial: false };
}

/** The base64 after the blank line that ends the armor's headers, as far as it goes. */
function decodeArmor(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replaceAll('\r', '');
  const begin = text.indexOf('\n\n');
  if (begin < 0) return Buffer.alloc(0);
  const body = text.slice(begin + 2).split(/\n[=-]/, 1)[0] ?? '';
  const letters = body.replaceAll('\n', '');
  return Buffer.from(letters.slice(0, letters.length - (letters.length % 4)), 'base64');
}
