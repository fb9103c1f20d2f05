import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onceARun } from './once-a-run.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));

/** thaw as one file for this processor, out of what `npm run build` made (scripts/single-file.ts). */
export async function makeOneFile(): Promise<string> {
  return (await onceARun('one-file', make)) ?? make();
}

async function make(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-one-file-'));
  const file = join(folder, `thaw-linux-${process.arch}`);
  const packaged = join(repository, `node_modules/node-linux-${process.arch}/bin/node`);
  const runtime = existsSync(packaged) ? packaged : process.execPath;
  await run(process.execPath, [join(repository, 'scripts/single-file.ts'), runtime, file]);
  return file;
}
