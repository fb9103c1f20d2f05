import { fail } from '../base/failure.ts';
import { createGuard } from '../engine/guard.ts';
import type { AnyStepContext } from '../kinds/kind.ts';
import { patienceOf, usualPatienceMs } from '../kinds/patience.ts';
import type { Targets } from '../kinds/targets.ts';
import type { World } from '../ports/world.ts';

/**
 * What the steps of a restore need when they are walked only to prove a backup: facts live in memory, nothing is asked, and a
 * drill's rules hold. What proves a backup is then the very code that restores it.
 */
export function createScratchContext(scratch: {
  readonly world: World;
  readonly targets: Targets;
  readonly runId: string;
  readonly workFile: (name: string) => string;
  readonly output: (line: string) => void;
  readonly signal: AbortSignal;
}): AnyStepContext {
  const facts = new Map<string, unknown>();
  const nowMs = scratch.world.host.now();
  return {
    ...scratch,
    patience: patienceOf(scratch.world.host, { ...scratch, lastsMs: usualPatienceMs, tell: scratch.output }),
    mode: 'drill',
    stepId: 'verify',
    guard: createGuard({ ...scratch, agreed: () => false }),
    steps: [],
    giving: () => [],
    foresee: async () => [],
    // Whoever only proves a backup opens no secrets.
    mask: () => {},
    fact: (name) => facts.get(name),
    record: async ({ name }, value) => {
      facts.set(name, value);
    },
    recordCommand: async (command) => scratch.output(`$ ${command}`),
    progress: () => {},
    ask: async (question) =>
      fail({
        code: 'answer-missing',
        message: `A verification asks nothing, and this needs an answer: ${question.title}`,
        remedy: 'Run a drill of this snapshot, where it can be answered.',
        retry: 'after-fix',
      }),
    lostAtMs: nowMs,
    rpoMs: 0,
  };
}
