import type { Readable } from 'node:stream';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import type { KeyConfig, KeyDescription } from '../../ports/unpacker.ts';
import type { OpenedLayer } from '../layer.ts';
import { readBeginning } from '../stream-parts.ts';
import { damaged, gpgNeeded } from '../unpack-failure.ts';
import { gpgName, openWithGpg } from './gpg-engine.ts';
import { openGpgHome } from './gpg-home.ts';
import { describeKeyring } from './gpg-keyring.ts';
import { loadKeyFile } from './key-file.ts';
import { type MessageHead, messageHeadBytes, readMessageHead } from './message-head.ts';
import { openWithOpenpgpjs } from './openpgpjs-engine.ts';

export type OpenpgpLayerRequest = {
  readonly source: Readable;
  readonly config: KeyConfig;
  readonly processes: ProcessRunner;
  /** Of the encrypted data, where it is known. */
  readonly sizeBytes: number | undefined;
  /** The other one failed on this message already. */
  readonly onlyGpg: boolean | undefined;
};

/** From here on openpgp.js misread lengths that gpg writes, up to 6.3.1 (openpgpjs #2058); gpg reads them all. */
const openpgpjsLimitBytes = 2 ** 31;

export async function openOpenpgp(request: OpenpgpLayerRequest): Promise<Outcome<OpenedLayer>> {
  const { config, processes } = request;
  const begun = await readBeginning(request.source, messageHeadBytes);
  const reading = readMessageHead(begun.head);
  if (reading.kind !== 'message') {
    begun.stream.destroy();
    return fail(
      reading.kind === 'cut'
        ? damaged('The encrypted data ends within its first packets: the backup is truncated.')
        : damaged(`The backup cannot be decrypted: ${reading.why}.`),
    );
  }
  const source = begun.stream;
  const name = await chooseGpg(request, reading.head);
  if (name !== undefined || request.onlyGpg) {
    return openWithGpg({ source, config, processes, engine: name ?? 'gpg' });
  }
  const keys = await keysFor(config, reading.head);
  if (!keys.ok) {
    source.destroy();
    return keys;
  }
  const { head } = reading;
  return openWithOpenpgpjs({ source, head, ...keys.value, passphrase: config.passphrase });
}

/** The name of the gpg that is to open this message; undefined when openpgp.js is to try. */
async function chooseGpg(request: OpenpgpLayerRequest, head: MessageHead): Promise<string | undefined> {
  const { config, processes, sizeBytes = 0 } = request;
  const usesKeyFile = config.privateKeyFile !== undefined;
  // openpgp.js decrypts packet 20 block by block in JavaScript, and up to 6.3.1 wrongly from 4 GiB on (#2059).
  const suitsOpenpgpjs = usesKeyFile && head.container === 'seipd' && sizeBytes < openpgpjsLimitBytes;
  if (suitsOpenpgpjs && !request.onlyGpg) {
    if (head.recipients.length === 0 || config.privateKeyFile === undefined) return undefined;
    const loaded = await loadKeyFile({ ...config, privateKeyFile: config.privateKeyFile });
    if (!loaded.ok || loaded.value.kind === 'unlocked') return undefined;
  }
  const name = await gpgName(processes);
  if (name !== undefined) return name;
  // Without gpg a keyring is out of reach, and openWithGpg says so; all else openpgp.js may still manage.
  return !usesKeyFile && head.recipients.length > 0 ? 'gpg' : undefined;
}

async function keysFor(config: KeyConfig, head: MessageHead) {
  if (head.recipients.length === 0 || config.privateKeyFile === undefined)
    return succeed({ keys: [], keyIds: [] });
  const loaded = await loadKeyFile({ ...config, privateKeyFile: config.privateKeyFile });
  if (!loaded.ok) return loaded;
  if (loaded.value.kind === 'unlocked') {
    return succeed({ keys: loaded.value.keys, keyIds: loaded.value.description.keyIds });
  }
  return fail(gpgNeeded('this kind of key', loaded.value.detail));
}

/** The key of the file, or the keyring of this host: what is there, proven to be unlocked. */
export async function describeKey(
  config: KeyConfig,
  processes: ProcessRunner,
): Promise<Outcome<KeyDescription>> {
  const { privateKeyFile } = config;
  let detail: string | undefined;
  if (privateKeyFile !== undefined) {
    const loaded = await loadKeyFile({ ...config, privateKeyFile });
    if (!loaded.ok) return loaded;
    if (loaded.value.kind === 'unlocked') return succeed(loaded.value.description);
    detail = loaded.value.detail;
  }
  if ((await gpgName(processes)) === undefined) {
    if (privateKeyFile === undefined && config.passphrase !== undefined) {
      return succeed({ keyIds: [], text: 'a passphrase alone, for backups encrypted with it' });
    }
    return fail(
      gpgNeeded(privateKeyFile === undefined ? 'the keyring of this host' : 'this kind of key', detail),
    );
  }
  const home = await openGpgHome({ config, processes });
  if (!home.ok) return home;
  const described = await describeKeyring(home.value, config);
  await home.value.remove();
  return described;
}
