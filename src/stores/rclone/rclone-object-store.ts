import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { StoreAccess, StoreDriver } from '../../ports/object-store.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { createRcloneCall, pathOf, type RcloneConfig, rcloneFailure, runFailure } from './rclone-call.ts';
import { describeRemote, listRemote, type Rclone } from './rclone-list.ts';
import { readRemote } from './rclone-read.ts';
import { removeRemote, removeRemoteFolder } from './rclone-remove.ts';
import { writeRemote } from './rclone-write.ts';

/**
 * A remote of rclone as a store of objects: whatever rclone can reach, crypt included. Keys are paths below it. A remote
 * without digests (crypt) tells an object by its size and time, in a tag that holds a dash.
 */
export function openRcloneObjectStore(request: {
  readonly config: RcloneConfig;
  readonly processes: ProcessRunner;
}): StoreDriver {
  const { config, processes } = request;
  const rclone: Rclone = { config, call: createRcloneCall(config, processes) };
  return {
    address: `rclone ${config.remote}`,
    access: () => accessRemote(rclone),
    list: (listing) => listRemote(rclone, listing),
    describe: (key) => checked(key, () => describeRemote(rclone, key)),
    // rclone hands on what it keeps of them by itself, from remote to remote alone.
    attributes: async () => succeed(undefined),
    read: (reading) => checked(reading.key, () => readRemote(rclone, reading)),
    write: (writing) => checked(writing.key, () => writeRemote(rclone, writing)),
    writeStream: (writing) => checked(writing.key, () => writeRemote(rclone, writing)),
    remove: (key) => checked(key, () => removeRemote(rclone, key)),
    removeFolder: (prefix) => removeRemoteFolder(rclone, prefix),
    // rclone has no call that asks without acting.
    rights: async () => succeed({ write: 'unknown', remove: 'unknown' }),
    signedUrl: ({ key, expiresInSeconds }) => linkTo(rclone, { key, expiresInSeconds }),
    close: () => {},
  };
}

/** A key that climbs would leave the folder that the remote names. */
function checked<T>(key: string, work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  const isPlain = key !== '' && !key.includes('\0') && !key.split('/').some((part) => /^\.{0,2}$/.test(part));
  if (isPlain) return work();
  return Promise.resolve(
    fail({
      code: 'invalid-input',
      message: `Cannot use the key ${JSON.stringify(key)}: it is no plain path below the remote.`,
      remedy: 'Rename it, or use a store that can hold it.',
      retry: 'never',
    }),
  );
}

async function accessRemote(rclone: Rclone): Promise<Outcome<StoreAccess>> {
  const doing = `list ${rclone.config.remote}`;
  const ran = await rclone.call({ args: ['lsf', '--max-depth', '1', rclone.config.remote] });
  if (!ran.ok) return fail(runFailure(doing, ran.failure));
  if (ran.value.exitCode !== 0) return fail(rcloneFailure(doing, ran.value));
  const { configFile = '', remote } = rclone.config;
  return succeed({ identity: { endpoint: `rclone ${configFile}`.trim(), bucket: remote } });
}

/** Few remotes can do that; the others say so. */
async function linkTo(
  rclone: Rclone,
  asked: { readonly key: string; readonly expiresInSeconds: number },
): Promise<Outcome<string>> {
  const path = pathOf(rclone.config, asked.key);
  const doing = `give a URL for ${path}`;
  const ran = await rclone.call({ args: ['link', '--expire', `${asked.expiresInSeconds}s`, path] });
  if (!ran.ok) return fail(runFailure(doing, ran.failure));
  return ran.value.exitCode === 0 ? succeed(ran.value.stdout.trim()) : fail(rcloneFailure(doing, ran.value));
}
