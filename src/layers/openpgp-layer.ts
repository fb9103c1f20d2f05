import type { Readable } from 'node:stream';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import type { KeyConfig } from '../ports/unpacker.ts';
import { gpgName, openWithGpg } from './openpgp/gpg-engine.ts';
import { loadKeyFile } from './openpgp/key-file.ts';
import { type MessageHead, messageHeadBytes, readMessageHead } from './openpgp/message-head.ts';
import type { OpenedMessage } from './openpgp/opened-message.ts';
import { openpgpjsName, openWithOpenpgpjs } from './openpgp/openpgpjs-engine.ts';
import { readBeginning } from './stream-parts.ts';
import { damaged } from './unpack-failure.ts';

export type OpenpgpLayerRequest = {
  readonly source: Readable;
  readonly config: KeyConfig;
  readonly processes: ProcessRunner;
  /** Of the encrypted data, where it is known. */
  readonly sizeBytes?: number;
  /** The other one failed on this message already. */
  readonly onlyGpg?: boolean;
};

/** From here on openpgp.js misread lengths that gpg writes, up to 6.3.1 (openpgpjs #2058); gpg reads them all. */
const openpgpjsLimitBytes = 2 ** 31;

export async function openOpenpgp(
  request: OpenpgpLayerRequest,
): Promise<Outcome<OpenedMessage & { readonly engine: string }>> {
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
    const opened = await openWithGpg({ source, config, processes });
    return opened.ok ? succeed({ ...opened.value, engine: name ?? 'gpg' }) : opened;
  }
  const keys = await keysFor(config, reading.head);
  if (!keys.ok) {
    source.destroy();
    return keys;
  }
  const { head } = reading;
  const opened = await openWithOpenpgpjs({ source, head, ...keys.value, passphrase: config.passphrase });
  return opened.ok ? succeed({ ...opened.value, engine: openpgpjsName }) : opened;
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

export function gpgNeeded(what: string, detail?: string): Failure {
  return {
    code: 'tool-missing',
    message: `The program gpg is not installed on this host, and openpgp.js alone cannot read ${what}.`,
    remedy: 'Install gpg (Debian package gnupg), then run the step again.',
    retry: 'after-fix',
    ...(detail === undefined ? {} : { detail }),
  };
}
