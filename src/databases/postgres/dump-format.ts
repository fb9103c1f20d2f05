import { open, stat } from 'node:fs/promises';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import type { DumpFormat } from '../../ports/dump-tools.ts';

const headBytes = 512;

/** By the content. What is none of the formats counts as custom: pg_restore then says what is wrong with it. */
export async function findDumpFormat(file: string): Promise<Outcome<DumpFormat>> {
  try {
    if ((await stat(file)).isDirectory()) return succeed('directory');
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return succeed(formatOf(buffer.subarray(0, bytesRead)));
    } finally {
      await handle.close();
    }
  } catch (error) {
    const failure = describeFileFailure({ doing: `read the dump ${file}`, error });
    if (failure.code !== 'not-found') return fail(failure);
    return fail({
      code: 'not-found',
      message: `There is no file ${file} to read an archive from.`,
      remedy: 'Run the step that makes this file again.',
      retry: 'after-fix',
    });
  }
}

function formatOf(head: Buffer): DumpFormat {
  if (head.subarray(0, 5).toString('latin1') === 'PGDMP') return 'custom';
  if (head.subarray(257, 262).toString('latin1') === 'ustar') return 'tar';
  return /^(\uFEFF)?--\s*\n-- PostgreSQL database dump\b/.test(head.toString('utf8')) ? 'plain' : 'custom';
}
