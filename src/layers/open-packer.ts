import { PassThrough, pipeline, type Readable } from 'node:stream';
import { createGzip, createZstdCompress } from 'node:zlib';
import { type Outcome, succeed } from '../base/failure.ts';
import type { Packer, PackerConfig, RecipientDescription } from '../ports/packer.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import type { Layer } from '../ports/unpacker.ts';
import { describeGpgRecipient, sealWithGpg } from './openpgp/seal-with-gpg.ts';

const chunkBytes = 256 * 1024;

/** age is a driver of its own; whoever wires this hands it in. */
export type AgeSealer = {
  describe(recipients: readonly string[]): Promise<Outcome<RecipientDescription>>;
  seal(request: {
    readonly source: Readable;
    readonly recipients: readonly string[];
  }): Promise<Outcome<Readable>>;
};

export function openPacker(request: {
  readonly config: PackerConfig;
  readonly processes: ProcessRunner;
  readonly age: AgeSealer;
}): Packer {
  const { config, processes, age } = request;
  const { sealing, compression } = config;
  return {
    layers: layersOf(config),
    async describeRecipient() {
      if (sealing.kind === 'none') return succeed(undefined);
      if (sealing.kind === 'age') return age.describe(sealing.recipients);
      return describeGpgRecipient({ sealing, processes });
    },
    async pack(source) {
      const compressed = compress(source, compression);
      if (sealing.kind === 'none') return succeed(compressed);
      if (sealing.kind === 'age') return age.seal({ source: compressed, recipients: sealing.recipients });
      return sealWithGpg({ source: compressed, sealing, processes });
    },
  };
}

function layersOf({ sealing, compression }: PackerConfig): readonly Layer[] {
  return [
    ...(sealing.kind === 'none' ? [] : [sealing.kind]),
    ...(compression === 'none' ? [] : [compression]),
  ];
}

function compress(source: Readable, compression: PackerConfig['compression']): Readable {
  const stage =
    compression === 'gzip'
      ? createGzip({ level: 6, chunkSize: chunkBytes })
      : compression === 'zstd'
        ? createZstdCompress({ chunkSize: chunkBytes })
        : new PassThrough();
  stage.on('error', () => {});
  // pipeline hands the error of the source on, so that no clean end is ever written behind a dump that broke off.
  pipeline(source, stage, () => {});
  return stage;
}
