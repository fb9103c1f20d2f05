import { chmod, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../../base/thrown.ts';
import { replaceFile } from '../../platform/durable-files.ts';
import type { PlacedFile } from '../../ports/host.ts';

const ownerOnly = 0o600;
const mostKept = 1000;

type Standing = { readonly content: Buffer; readonly uid: number; readonly gid: number };

/** Throws what the file system throws. There is no moment in which neither the old nor the new file is there whole. */
export async function placePrivateFile(request: {
  readonly path: string;
  readonly content: Buffer;
  readonly keepAs: string;
}): Promise<PlacedFile> {
  const { content } = request;
  const path = await realpath(request.path).catch(() => request.path);
  const old = await readStanding(path);
  if (old?.content.equals(content)) {
    if (((await stat(path)).mode & 0o177) !== 0) await chmod(path, ownerOnly);
    return { was: 'equal' };
  }
  await mkdir(dirname(path), { recursive: true });
  if (old === undefined) {
    await writeWhole({ path, content, owner: undefined });
    return { was: 'absent' };
  }
  const keptAs = await keep(old, request.keepAs);
  await writeWhole({ path, content, owner: old });
  return { was: 'other', keptAs };
}

/** A copy, so that the old file stays under its name until the new one takes it. */
async function keep(old: Standing, keepAs: string): Promise<string> {
  for (let number = 1; number <= mostKept; number += 1) {
    const name = number === 1 ? keepAs : `${keepAs}-${number}`;
    const kept = await readStanding(name);
    // An attempt that was cut short has kept it already.
    if (kept?.content.equals(old.content)) return name;
    if (kept !== undefined) continue;
    await writeWhole({ path: name, content: old.content, owner: old });
    return name;
  }
  throw Object.assign(new Error(`${keepAs} and ${mostKept} more are taken`), { code: 'EEXIST' });
}

function writeWhole(file: {
  readonly path: string;
  readonly content: Buffer;
  readonly owner: Pick<Standing, 'uid' | 'gid'> | undefined;
}): Promise<void> {
  return replaceFile({ ...file, mode: ownerOnly, readBack: true, alone: true });
}

async function readStanding(path: string): Promise<Standing | undefined> {
  try {
    const { uid, gid } = await stat(path);
    return { content: await readFile(path), uid, gid };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
