import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { parseJson } from '../../base/parse-json.ts';
import { findFate, identifyThisProcess, processOnHost } from '../../platform/process-identity.ts';
import type { ProcessRequest, ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';
import type { KeyConfig } from '../../ports/unpacker.ts';
import { wrongKey } from '../unpack-failure.ts';
import { readStatusLine } from './gpg-status.ts';

type GpgRequest = Omit<ProcessRequest, 'program' | 'env' | 'secretInput' | 'stallMs'> & {
  readonly stallMs?: number;
};

export type GpgHome = {
  /** gpg with this keyring and passphrase. */
  gpg(request: GpgRequest): Promise<Outcome<ProcessResult>>;
  /** Ends the agent we caused, and removes key and passphrase from the disk. */
  remove(): Promise<void>;
};

/** gpg-agent opens sockets in it, whose paths may have at most 107 bytes. */
const longestParent = 70;
const silentGpg =
  'Its agent may hang: end it (gpgconf --kill gpg-agent, or pkill -KILL gpg-agent), look whether the disk answers, then retry.';

/** gpg answers in a moment, unless its agent hangs. */
const questionStallMs = 30_000;
const prefix = 'thaw-gpg-';
const ownerFile = 'owner.json';

/**
 * The keyring gpg is to use: a temporary one with the key of the file in it, or the one of this host. The passphrase goes through a
 * descriptor: arguments are visible to everybody on the host, and a file would outlive a run that is killed. What such runs have left of
 * their keyrings is removed first.
 */
export async function openGpgHome(request: {
  readonly config: KeyConfig;
  readonly processes: ProcessRunner;
}): Promise<Outcome<GpgHome>> {
  const { config, processes } = request;
  const folder = config.privateKeyFile === undefined ? undefined : await makeFolder(processes);
  const home = folder ?? config.gnupgHome;
  const env = { LC_ALL: 'C', ...(home === undefined ? {} : { GNUPGHOME: home }) };
  const { passphrase } = config;
  const options = [
    ...['--batch', '--no-tty', '--status-fd', '2'],
    // Without one it must not ask: nobody could see the question, and a smartcard counts failed attempts.
    ...(passphrase === undefined
      ? ['--pinentry-mode', 'error']
      : ['--pinentry-mode', 'loopback', '--passphrase-fd', '3']),
  ];
  const gpg = async ({ args, stallMs = questionStallMs, ...request }: GpgRequest) => {
    const ran = await processes.run({
      program: 'gpg',
      args: [...options, ...args],
      env,
      ...(passphrase === undefined ? {} : { secretInput: passphrase }),
      stallMs,
      ...request,
    });
    return ran.ok || ran.failure.code !== 'stalled' ? ran : fail({ ...ran.failure, remedy: silentGpg });
  };
  const remove = async () => {
    if (folder !== undefined) await removeHome(folder, processes);
  };
  if (config.privateKeyFile !== undefined) {
    const imported = await gpg({ args: ['--import', config.privateKeyFile] });
    const failure = imported.ok
      ? hasSecretKey(imported.value.stderr)
        ? undefined
        : wrongKey({
            message: `gpg finds no secret key in ${config.privateKeyFile}.`,
            remedy: 'Export the secret key with gpg --armor --export-secret-keys KEY and name that file.',
            detail: imported.value.stderr.trim(),
          })
      : imported.failure;
    if (failure !== undefined) {
      await remove();
      return fail(failure);
    }
  }
  return succeed({ gpg, remove });
}

async function makeFolder(processes: ProcessRunner): Promise<string> {
  const parent = tmpdir().length <= longestParent ? tmpdir() : '/tmp';
  await sweep(parent, processes);
  // mkdtemp makes it readable by us alone.
  const folder = await mkdtemp(join(parent, prefix));
  await writeFile(join(folder, ownerFile), JSON.stringify(await identifyThisProcess()), { mode: 0o600 });
  return folder;
}

/** A run that was killed could not put its key away, nor end the agent that holds it in memory. */
async function sweep(parent: string, processes: ProcessRunner): Promise<void> {
  const names = (await readdir(parent).catch(() => [])).filter((name) => name.startsWith(prefix));
  for (const folder of names.map((name) => join(parent, name))) {
    // Somebody else's cannot be read, and one that is being made has no owner yet.
    const owner = processOnHost.safeParse(
      parseJson(await readFile(join(folder, ownerFile), 'utf8').catch(() => '')),
    );
    if (owner.success && (await findFate(owner.data)) === 'dead') await removeHome(folder, processes);
  }
}

async function removeHome(folder: string, processes: ProcessRunner): Promise<void> {
  const env = { LC_ALL: 'C', GNUPGHOME: folder };
  await processes.run({ program: 'gpgconf', args: ['--kill', 'gpg-agent'], env, stallMs: 10_000 });
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** IMPORT_OK is a set of flags; 16 says that a secret key came along. */
function hasSecretKey(words: string): boolean {
  return words.split('\n').some((line) => {
    const status = readStatusLine(line);
    return status?.keyword === 'IMPORT_OK' && (Number(status.words[0]) & 16) !== 0;
  });
}
