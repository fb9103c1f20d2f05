import { dumpArchive, zip } from '../../parts/port-nimara-backups.ts';
import type { Case } from './stand.ts';

/** Damage that shows only when everything is unpacked: the writers are stopped by then, and nothing else is changed. */
export const damageCases: readonly Case[] = [
  {
    wrong: 'a truncated dump',
    prepare: async (stand) => stand.otherDump(stand.encrypt(await stand.long()).subarray(0, -4000)),
    status: 1,
    says: /The encrypted data ends early: of \S+dump\.gz\.gpg only \d+ bytes are there/,
    remedy: /to do: .*another/i,
  },
  {
    wrong: 'ciphertext with a flipped byte',
    prepare: async (stand) => stand.otherDump(flip(stand.encrypt(await stand.long()))),
    status: 1,
    says: /dump\.gz\.gpg: The encrypted data was changed after it was written/,
    remedy: /to do: .*another/i,
  },
  {
    wrong: 'gzip that was cut off before it was encrypted',
    prepare: (stand) => stand.otherDump(stand.encrypt(stand.wrapped.subarray(0, -3000))),
    status: 1,
    says: /gzip/i,
    remedy: /to do: .*another/i,
  },
  {
    wrong: 'gzip with a flipped byte',
    prepare: (stand) => stand.otherDump(stand.encrypt(flip(stand.wrapped))),
    status: 1,
    says: /gzip/i,
    remedy: /to do: .*another/i,
  },
  {
    wrong: 'an archive that was cut off before it was packed',
    prepare: async (stand) =>
      stand.otherDump(stand.encrypt(await zip((await dumpArchive(stand.nimara)).subarray(0, -3000)))),
    status: 1,
    says: /pg_restore/,
    remedy: /to do: /,
  },
];

/** One bit, not far from the end. */
function flip(bytes: Buffer): Buffer {
  const flipped = Buffer.from(bytes);
  const place = flipped.length - 3000;
  flipped.writeUInt8(flipped.readUInt8(place) ^ 0x40, place);
  return flipped;
}
