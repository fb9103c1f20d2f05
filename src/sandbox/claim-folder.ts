import { chmod, mkdir, mkdtemp, readdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '../base/assert.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { replaceFile } from '../platform/durable-files.ts';
import { identifyProcess } from '../platform/process-identity.ts';
import { destroySandbox, isAbandoned } from './destroy-sandbox.ts';
import { layOut, sandboxPrefix } from './sandbox-layout.ts';

/** Makes the folder and marks it as ours: only a marked folder is ever removed. */
export async function claimFolder(wanted: string | undefined): Promise<Outcome<string>> {
  if (wanted !== undefined) {
    if (await isAbandoned(wanted)) await destroySandbox(wanted);
    await mkdir(wanted, { recursive: true });
    if ((await readdir(wanted)).length > 0) {
      return fail({
        code: 'conflict',
        message: `The folder ${wanted} for the rehearsal's sandbox is not empty.`,
        remedy: 'Name a folder that is empty or does not exist.',
        retry: 'after-fix',
      });
    }
  }
  const folder = await realpath(wanted ?? (await mkdtemp(join(tmpdir(), sandboxPrefix))));
  const owner = await identifyProcess(process.pid);
  assert(owner !== undefined, 'this process finds itself under /proc');
  // Whole from the first moment: a sweep that read half a mark would take the sandbox for an abandoned one.
  const { marker } = layOut(folder);
  await replaceFile({ path: marker, content: `${JSON.stringify(owner)}\n`, mode: 0o600, alone: true });
  // PostgreSQL runs as a user of its own and has to pass through; it need not list what lies here.
  await chmod(folder, 0o711);
  return succeed(folder);
}
