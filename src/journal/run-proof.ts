import { askedBy, type Proof, proofs } from '../base/proof.ts';
import { type Check, couldNotVerify, against as heldAgainst } from '../base/verdict.ts';
import type { RunState } from './run-state.ts';

/** What a run has proven of a restored dump, derived in this place alone, and from what its checks belong to: no sentence is read. */

/** What could not be held against something that nobody asks for is not checked, and spoils nothing. */
export function weighChecks<C extends Check>(checks: readonly C[], asked: Proof | undefined): readonly C[] {
  return checks.map((check) =>
    check.verdict === 'could-not-verify' && !isAsked(check, asked)
      ? { ...check, verdict: 'not-checked' as const }
      : check,
  );
}

/** What belongs to no proof a step asks for; where the walk restores no dump, everything is asked. */
function isAsked({ against }: Check, asked: Proof | undefined): boolean {
  return against === undefined || asked === undefined || askedBy(asked).includes(against);
}

/** Weakest first; empty where not even the dump is proven. */
export function provenBy(checks: readonly Check[]): readonly Proof[] {
  const proven = proofs.filter((proof) => {
    const own = checks.filter(({ against }) => against === proof);
    return own.length > 0 && own.every(({ verdict }) => verdict === 'passed');
  });
  return proven.includes('dump') ? proven : [];
}

/** Of the steps as they stand now: what was done anew counts as it came out last. */
export function provenOf(state: RunState): readonly Proof[] {
  return provenBy(stepChecks(state));
}

function stepChecks({ steps }: RunState): readonly Check[] {
  return [...steps.values()].flatMap((step) => ('checks' in step ? step.checks : []));
}

/** What the runbook asks to be proven and no check speaks of: that a check is missing must not pass for proof. */
export function unprovenOf(state: RunState): readonly Check[] {
  const { proof, mode } = state.start;
  if (proof === undefined || mode === 'tabletop') return [];
  const checks = stepChecks(state);
  const silent = askedBy(proof).filter((one) => !checks.some(({ against }) => against === one));
  return silent.flatMap((one) => heldAgainst(one, [couldNotVerify(...lacking[one])]));
}

const lacking: Readonly<Record<Proof, [text: string, remedy: string]>> = {
  dump: ['nothing was held against the dump', 'Look why the step that restores it did not come to its end.'],
  manifest: [
    'nothing was held against the manifest of a producer',
    'Take backups with `thaw backup`, which writes one.',
  ],
  live: [
    'nothing was held against the live database',
    'A drill compares, where the live database answers; a restore replaces it.',
  ],
};
