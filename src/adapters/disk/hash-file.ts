import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

const chunkBytes = 1024 * 1024;

type FileDigests = { readonly sizeBytes: number; readonly sha256: string; readonly md5: string };

/** One pass from the first byte to the last. Returns undefined when it is cancelled. */
export async function hashFile(handle: FileHandle, signal?: AbortSignal): Promise<FileDigests | undefined> {
  const sha256 = createHash('sha256');
  const md5 = createHash('md5');
  const chunk = Buffer.allocUnsafeSlow(chunkBytes);
  let sizeBytes = 0;
  for (;;) {
    if (signal?.aborted) return undefined;
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, sizeBytes);
    if (bytesRead === 0) break;
    const bytes = chunk.subarray(0, bytesRead);
    sha256.update(bytes);
    md5.update(bytes);
    sizeBytes += bytesRead;
  }
  return { sizeBytes, sha256: sha256.digest('hex'), md5: md5.digest('hex') };
}
