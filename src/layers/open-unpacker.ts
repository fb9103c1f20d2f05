import type { ProcessRunner } from '../ports/process-runner.ts';
import type { KeyConfig, Unpacker } from '../ports/unpacker.ts';
import type { Encryption } from './layer.ts';
import { encryptions } from './list.ts';
import { openpgp } from './openpgp/layer.ts';
import { peekInside } from './peek.ts';
import { readThrough } from './read-through.ts';
import { unpackFile } from './unpack-file.ts';

/** Opens dumps in every wrapping of the list, and in several of them, one inside the other. */
export function openUnpacker(request: {
  readonly keys: KeyConfig;
  readonly processes: ProcessRunner;
}): Unpacker {
  const { keys, processes } = request;
  return {
    describeKey: () => encryptionOf(keys).describeKey(keys, processes),
    peek: (look) => peekInside({ ...look, keys, processes }),
    read: (look) => readThrough({ ...look, keys, processes }),
    unpack: (job) => unpackFile({ ...job, keys, processes }),
  };
}

/** Where no key is named, gpg looks for one in its keyring. */
function encryptionOf(keys: KeyConfig): Encryption {
  return encryptions.find(({ hasKey }) => hasKey(keys)) ?? openpgp;
}
