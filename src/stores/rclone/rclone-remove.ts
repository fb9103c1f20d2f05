import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { folderFailure } from '../../base/folder-prefix.ts';
import { exitStatus, pathOf, rcloneFailure, runFailure } from './rclone-call.ts';
import { describeRemote, type Rclone } from './rclone-list.ts';

export async function removeRemote(rclone: Rclone, key: string): Promise<Outcome<undefined>> {
  const path = pathOf(rclone.config, key);
  const doing = `remove ${path}`;
  // deletefile calls everything that is not there a wrong call; so it is looked for first.
  const described = await describeRemote(rclone, key);
  if (!described.ok) return described;
  if (described.value === undefined) return succeed(undefined);
  const ran = await rclone.call({ args: ['deletefile', path] });
  if (!ran.ok) return fail(runFailure(doing, ran.failure));
  const { exitCode } = ran.value;
  if (exitCode === 0 || exitCode === exitStatus.fileMissing) return succeed(undefined);
  return fail(rcloneFailure(doing, ran.value));
}

/** One call, where a call for each of ten thousand files would take hours. */
export async function removeRemoteFolder(rclone: Rclone, prefix: string): Promise<Outcome<undefined>> {
  const path = pathOf(rclone.config, prefix.slice(0, -1));
  const doing = `remove ${path}`;
  const refused = folderFailure(rclone.config.remote, prefix);
  if (refused !== undefined) return fail(refused);
  const ran = await rclone.call({ args: ['purge', path] });
  if (!ran.ok) return fail(runFailure(doing, ran.failure));
  const { exitCode } = ran.value;
  if (exitCode === 0 || exitCode === exitStatus.folderMissing) return succeed(undefined);
  return fail(rcloneFailure(doing, ran.value));
}
