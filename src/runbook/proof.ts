import type { Proof } from '../base/proof.ts';
import { handlerOf, type StepHandlers } from '../kinds/handlers.ts';
import type { Runbook } from './schema.ts';

/**
 * The least that has to be proven of what is restored: what the runbook says, else the manifest where backups are made with one.
 *
 * @returns undefined where the walk restores no dump: then every step asks for itself.
 */
export function proofOf(runbook: Runbook, handlers: StepHandlers): Proof | undefined {
  if (!restoresDump(runbook, handlers)) return undefined;
  if (runbook.proof !== undefined) return runbook.proof;
  // Nobody counts the rows of a dump that has none.
  const counts = runbook.producer !== undefined && runbook.backups.dumps.contents === 'whole';
  return counts ? 'manifest' : 'dump';
}

export function lintProof(runbook: Runbook, handlers: StepHandlers): readonly string[] {
  const { proof, backups } = runbook;
  if (proof === undefined) return [];
  if (!restoresDump(runbook, handlers))
    return [`proof: ${proof} asks for something of a restored dump, and no step restores one.`];
  return proof === 'manifest' && backups.dumps.contents === 'schema'
    ? ['proof: manifest cannot be had of dumps that hold the schema alone: a manifest counts rows.']
    : [];
}

function restoresDump({ steps }: Runbook, handlers: StepHandlers): boolean {
  return steps.some((step) => handlerOf(handlers, step).provesDump === true);
}
