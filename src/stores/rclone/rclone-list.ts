import { z } from 'zod';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { parseJson } from '../../base/parse-json.ts';
import type { ListRequest, ObjectInfo } from '../../ports/object-store.ts';
import {
  exitStatus,
  pathOf,
  type RcloneCall,
  type RcloneConfig,
  rcloneFailure,
  runFailure,
} from './rclone-call.ts';

export type Rclone = { readonly config: RcloneConfig; readonly call: RcloneCall };

const pageSize = 1000;

/** An object that is being written stands under such a name, and is never listed. */
const unfinishedName = /(^|\/)\.thaw-[0-9a-f]{16}\.part$/;

/** The digest where the remote keeps one; a crypt remote keeps none. */
const asJson = ['--hash', '--hash-type', 'MD5'];

/** rclone lists in no order and in one go; so everything is read before the first page is handed on. */
export async function* listRemote(
  rclone: Rclone,
  request: ListRequest,
): AsyncGenerator<Outcome<readonly ObjectInfo[]>> {
  const { prefix, sizesOnly = false, signal } = request;
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const path = pathOf(rclone.config, folder.replace(/\/$/, ''));
  const doing = `list ${path}`;
  if (signal?.aborted) {
    yield fail(cancelledFailure(doing));
    return;
  }
  const found: ObjectInfo[] = [];
  const ran = await rclone.call({
    args: ['lsjson', '--recursive', '--files-only', '--fast-list', ...(sizesOnly ? [] : asJson), path],
    ...(signal === undefined ? {} : { signal }),
    onLine: (line, stream) => {
      const info = stream === 'stdout' ? readLine(line, folder) : undefined;
      if (info?.key.startsWith(prefix) && !unfinishedName.test(info.key)) found.push(info);
    },
  });
  if (!ran.ok) {
    yield fail(ran.failure.code === 'cancelled' ? cancelledFailure(doing) : runFailure(doing, ran.failure));
    return;
  }
  const isEmpty = ran.value.exitCode === exitStatus.folderMissing && folder !== '';
  if (ran.value.exitCode !== 0 && !isEmpty) {
    yield fail(rcloneFailure(doing, ran.value));
    return;
  }
  found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  for (let at = 0; at < found.length; at += pageSize) yield succeed(found.slice(at, at + pageSize));
}

/** undefined when there is no such object; a folder is none. */
export async function describeRemote(rclone: Rclone, key: string): Promise<Outcome<ObjectInfo | undefined>> {
  const path = pathOf(rclone.config, key);
  const doing = `describe ${path}`;
  const ran = await rclone.call({ args: ['lsjson', '--stat', ...asJson, path] });
  if (!ran.ok) return fail(runFailure(doing, ran.failure));
  const { exitCode, stdout } = ran.value;
  if (exitCode === exitStatus.folderMissing || exitCode === exitStatus.fileMissing) return succeed(undefined);
  if (exitCode !== 0) return fail(rcloneFailure(doing, ran.value));
  const info = toInfo(stdout, '');
  return succeed(info === undefined ? undefined : { ...info, key });
}

/** One object a line, with a comma behind all but the last. */
function readLine(line: string, folder: string): ObjectInfo | undefined {
  return line.startsWith('{') ? toInfo(line.replace(/,$/, ''), folder) : undefined;
}

const looseText = z.string().optional().catch(undefined);

/** What `lsjson` says of an object; without its path and size it is none. */
const itemSchema = z.object({
  Path: z.string(),
  Size: z.number(),
  IsDir: z.boolean().catch(false),
  ModTime: looseText,
  Tier: looseText,
  Hashes: z.object({ md5: looseText }).optional().catch(undefined),
});

function toInfo(json: string, folder: string): ObjectInfo | undefined {
  const item = itemSchema.safeParse(parseJson(json)).data;
  if (item === undefined || item.IsDir) return undefined;
  const modifiedAtMs = Date.parse(item.ModTime ?? '') || 0;
  return {
    key: `${folder}${item.Path}`,
    sizeBytes: item.Size,
    etag: item.Hashes?.md5 || `${item.Size}-${modifiedAtMs}`,
    modifiedAtMs,
    ...(item.Tier ? { storageClass: item.Tier } : {}),
  };
}
