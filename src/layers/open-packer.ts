import { PassThrough, pipeline, type Readable, type Transform } from 'node:stream';
import { succeed } from '../base/failure.ts';
import type { Packer, PackerConfig } from '../ports/packer.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import { compressions, encryptions } from './list.ts';

/** Makes what `openUnpacker` opens: compressed first, then encrypted. */
export function openPacker(request: {
  readonly config: PackerConfig;
  readonly processes: ProcessRunner;
}): Packer {
  const { config, processes } = request;
  const { sealing } = config;
  const compression = find(compressions, config.compression);
  const named = find(encryptions, sealing.kind);
  const encryption = named?.seal.isEmpty?.(sealing) ? undefined : named;
  return {
    layers: [encryption, compression].flatMap((layer) => (layer === undefined ? [] : [layer.name])),
    describeRecipient: async () =>
      encryption === undefined ? succeed(undefined) : encryption.seal.describe(sealing, processes),
    async pack(source) {
      const stage = compression?.compress() ?? new PassThrough();
      const compressed = carry(source, stage);
      return encryption === undefined
        ? succeed(compressed)
        : encryption.seal.pack(sealing, { source: compressed, processes });
    },
  };
}

function find<T extends { readonly name: string }>(list: readonly T[], name: string): T | undefined {
  const found = list.find((one) => one.name === name);
  if (found === undefined && name !== 'none') throw new Error(`Broken promise: nobody declares ${name}`);
  return found;
}

function carry(source: Readable, stage: Transform): Readable {
  stage.on('error', () => {});
  // pipeline hands the error of the source on, so that no clean end is ever written behind a dump that broke off.
  pipeline(source, stage, () => {});
  return stage;
}
