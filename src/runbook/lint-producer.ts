import { formatKey } from '../backups/format-key.ts';
import { type LayoutMatch, parseLayout } from '../backups/layout.ts';
import { encryptions } from '../layers/list.ts';
import type { Runbook } from './schema.ts';

/**
 * What would stop the first backup, found when the runbook is written and not at night. None of it stands in the way of a restore,
 * so none of it makes the runbook wrong.
 */
export function lintProducer({ producer, backups, production }: Runbook): readonly string[] {
  if (producer === undefined) return [];
  const findings: string[] = [];
  const parsed = parseLayout(backups.dumps.layout.replace(/\$\{[A-Z][A-Z0-9_]*\}/g, 'filled'));
  // What is wrong with the layout itself is told by the lint of the targets.
  if (!('fault' in parsed)) {
    const inner: LayoutMatch['layers'] = producer.compression === 'none' ? [] : [producer.compression];
    const encryption = encryptions.find(({ name }) => name === producer.encrypt.kind);
    const sealed = encryption === undefined ? [] : [[encryption.name, ...inner]];
    const ways =
      encryption !== undefined && encryption.seal.isEmpty === undefined ? sealed : [inner, ...sealed];
    // Whether a recipient comes out empty is not known yet: one of the two ways has to have a name.
    const named = ways.map((layers) =>
      formatKey(parsed, {
        timeMs: 0,
        host: 'host',
        tier: producer.tier || undefined,
        name: 'database',
        layers,
      }),
    );
    const refused = named.find((key) => !key.ok);
    if (named.every((key) => !key.ok) && refused?.ok === false) findings.push(refused.failure.message);
  }
  if (producer.fingerprints.length > 0 && production.envFile === undefined)
    findings.push('producer.fingerprints needs production.envFile.');
  if (backups.objects !== undefined && production.objects === undefined)
    findings.push('backups.objects has a mirror, but production.objects does not say what to mirror.');
  return findings;
}
