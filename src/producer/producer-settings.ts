import { durationMs } from '../kinds/targets.ts';
import type { Sealing } from '../ports/packer.ts';
import type { ProducerField } from '../runbook/producer-schema.ts';
import type { Runbook } from '../runbook/schema.ts';

export type ProducerSettings = {
  /** undefined: the name of this host. */
  readonly host: string | undefined;
  readonly tier: string | undefined;
  readonly compression: string;
  readonly sealing: Sealing;
  /** undefined: not signed. */
  readonly signingKeyFile: string | undefined;
  readonly fingerprints: readonly string[];
  readonly newestColumns: readonly string[];
  readonly workers: number;
  readonly stallMs: number;
};

/** @param runbook with its placeholders filled. */
export function resolveProducer(runbook: Runbook, producer: ProducerField): ProducerSettings {
  return {
    host: producer.host || runbook.backups.dumps.host || undefined,
    tier: producer.tier || undefined,
    compression: producer.compression,
    sealing: producer.encrypt,
    signingKeyFile: producer.sign?.keyFile || undefined,
    fingerprints: producer.fingerprints,
    newestColumns: producer.newestColumns,
    workers: producer.workers,
    stallMs: durationMs(producer.stall),
  };
}
