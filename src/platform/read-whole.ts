import { open } from 'node:fs/promises';

/** Far more than any file that people write: a runbook, an env file, a key. */
const mostByHand = 8 * 2 ** 20;

/**
 * A file that is read whole, into memory. One that goes on for longer than anything of its kind is not read to its end: a device, a wrong
 * file, or one that was made to fill the memory. Pipes can be read as well.
 *
 * @throws what the file system throws, and an error with the code ETOOLONG, which `describeFileFailure` knows.
 */
export async function readWhole(path: string, mostBytes = mostByHand): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    // From where the last read ended, since a pipe has no positions.
    for await (const chunk of file.createReadStream({ autoClose: false })) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > mostBytes)
        throw Object.assign(new Error(`${path} is longer than ${mostBytes} bytes`), { code: 'ETOOLONG' });
    }
    return Buffer.concat(chunks);
  } finally {
    await file.close();
  }
}
