/** The encoding of RFC 4251, section 5: numbers of four bytes, and strings behind their length. */

/** No key or signature has a longer string. */
const mostStringBytes = 65_536;

export type WireReader = {
  raw(length: number): Buffer;
  byte(): number;
  number(): number;
  string(): Buffer;
  text(): string;
  /** Of a multiple precision integer: unsigned, without the zeros in front. */
  integer(): Buffer;
  /** Nothing may stand behind what was read. */
  end(): void;
};

/** What it reads has to be there: every method throws a RangeError where it is not. */
export function readWire(bytes: Buffer): WireReader {
  let at = 0;
  const raw = (length: number) => {
    if (length > bytes.length - at) throw new RangeError('it ends early');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = () => raw(4).readUInt32BE();
  const string = () => {
    const length = number();
    if (length > mostStringBytes) throw new RangeError('a string in it is longer than any');
    return raw(length);
  };
  return {
    raw,
    byte: () => raw(1).readUInt8(),
    number,
    string,
    text: () => string().toString('latin1'),
    integer: () => {
      const content = string();
      const first = content.findIndex((byte) => byte !== 0);
      return first === -1 ? content.subarray(-1) : content.subarray(first);
    },
    end: () => {
      if (at !== bytes.length) throw new RangeError('something stands behind its end');
    },
  };
}

export function wireNumber(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function wireString(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([wireNumber(bytes.length), bytes]);
}
