import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import type { KeyConfig, KeyDescription, Unpacker } from '../ports/unpacker.ts';
import type { OpenAge } from './layers.ts';
import { gpgName } from './openpgp/gpg-engine.ts';
import { openGpgHome } from './openpgp/gpg-home.ts';
import { describeKeyring } from './openpgp/gpg-keyring.ts';
import { loadKeyFile } from './openpgp/key-file.ts';
import { gpgNeeded } from './openpgp-layer.ts';
import { peekInside } from './peek.ts';
import { unpackFile } from './unpack-file.ts';

/**
 * Opens dumps that are encrypted, gzipped, both, or neither. With a key file openpgp.js does the work, and the gpg
 * binary what openpgp.js cannot; without one it is gpg and its keyring, or the passphrase alone.
 */
export function openUnpacker(request: {
  readonly keys: KeyConfig;
  readonly processes: ProcessRunner;
  readonly age?: {
    readonly open: OpenAge;
    describe(identityFile: string): Promise<Outcome<KeyDescription>>;
  };
}): Unpacker {
  const { keys: config, processes, age } = request;
  const { ageIdentityFile } = config;
  const useAge = age !== undefined && ageIdentityFile !== undefined && config.privateKeyFile === undefined;
  return {
    describeKey: () => (useAge ? age.describe(ageIdentityFile) : describeKey(config, processes)),
    peek: (look) => peekInside({ ...look, config, processes, openAge: age?.open }),
    unpack: (job) => unpackFile({ ...job, config, processes, openAge: age?.open }),
  };
}

async function describeKey(config: KeyConfig, processes: ProcessRunner): Promise<Outcome<KeyDescription>> {
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
  const described = await describeKeyring({ config, processes, home: home.value });
  await home.value.remove();
  return described;
}
