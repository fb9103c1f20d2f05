export type ArchiveReader = {
  byte(): number;
  int(): number;
  /** Empty for a null pointer, too. */
  text(): string;
  /** Steps over bytes that nobody asks about. */
  skip(bytes: number): void;
  setIntSize(size: number): void;
  /** True once more was asked for than there is: then nothing that was read counts. */
  ranOut(): boolean;
};

/** Numbers are a sign byte and intSize bytes, lowest first; texts are a length and that many bytes. */
export function createArchiveReader(bytes: Uint8Array): ArchiveReader {
  let position = 5;
  let intSize = 4;
  let short = false;
  const byte = () => {
    const value = bytes[position];
    position += 1;
    if (value === undefined) short = true;
    return value ?? 0;
  };
  const int = () => {
    const negative = byte() !== 0;
    let value = 0;
    for (let index = 0; index < intSize; index += 1) value += byte() * 256 ** index;
    return negative ? -value : value;
  };
  const text = () => {
    const length = int();
    // -1 stands for a null pointer in pg_dump: nothing follows.
    if (length <= 0) return '';
    if (position + length > bytes.length) {
      short = true;
      return '';
    }
    position += length;
    return Buffer.from(bytes.subarray(position - length, position)).toString('utf8');
  };
  return {
    byte,
    int,
    text,
    skip: (count: number) => {
      position += count;
      if (position > bytes.length) short = true;
    },
    setIntSize: (size: number) => {
      if (size < 1 || size > 8) short = true;
      else intSize = size;
    },
    ranOut: () => short,
  };
}
