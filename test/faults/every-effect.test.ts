import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCompany, startContainers } from './company.ts';
import { drawFrom, seed, shuffled } from './draw.ts';
import { countNames } from './effects.ts';
import { cutBefore, killedAfter, killedBefore } from './faults.ts';
import { startShop } from './shop.ts';
import { recordEffects, type Scene, tryAll, type Walk } from './trial.ts';

/**
 * Each kind of effect that a walk has, and each fault at it once: killed just before and just after, and its connections cut. The kinds are
 * those of an undisturbed walk, so that a new effect is among them by itself. What the short walks have is not tried in the long ones.
 */

const scenes = [
  { start: startShop, walks: ['live', 'drill', 'rollback'] },
  { start: startCompany, walks: ['company', 'company-rollback'] },
  { start: startContainers, walks: ['compose', 'compose-rollback'] },
] as const;

/** The effects of each walk, with how often, as soon as it was walked. */
const walked = new Map<Walk, ReadonlyMap<string, number>>();

async function effectsOf(scene: Scene, walk: Walk): Promise<ReadonlyMap<string, number>> {
  const found = walked.get(walk) ?? countNames(await recordEffects(scene, walk));
  walked.set(walk, found);
  return found;
}

/** What the scenes before have. Where these tests did not come to one of them (-t), it is walked for that alone. */
async function effectsBefore(index: number): Promise<ReadonlySet<string>> {
  const before = scenes.slice(0, index);
  for (const { start, walks } of before) {
    if (walks.every((walk) => walked.has(walk))) continue;
    const scene = await start();
    try {
      for (const walk of walks) await effectsOf(scene, walk);
    } finally {
      await scene.remove();
    }
  }
  return new Set(
    before.flatMap(({ walks }) => walks.flatMap((walk) => [...(walked.get(walk)?.keys() ?? [])])),
  );
}

describe.each(scenes.map((one, index) => ({ ...one, index })))(
  `Every kind of effect (THAW_TEST_SEED=${seed})`,
  ({ start, walks, index }) => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await start();
    });
    afterAll(() => scene?.remove());

    it.each<Walk>(walks)(
      'of a %s, with each fault: nothing is lost, and what is told leads on to the end',
      async (walk) => {
        const before = await effectsBefore(index);
        const names = [...(await effectsOf(scene, walk))].filter(([effect]) => !before.has(effect));
        // What rolls back the same is known from the scene before.
        if (index > 0 && walk.endsWith('-rollback') && names.length === 0) return;
        expect(names.length).toBeGreaterThan(index === 0 ? 20 : 0);
        const draw = drawFrom(seed);
        const candidates = names.flatMap(([effect, count]) =>
          [killedBefore, killedAfter, cutBefore]
            .filter(({ isPossible }) => isPossible?.(walk, effect) ?? true)
            .map((fault) => {
              const nth = 1 + Math.floor(draw() * count);
              return { walk, effect, fault, at: { name: effect, nth, phase: fault.phase } };
            }),
        );
        await tryAll(scene, { name: `every-effect-${walk}`, candidates: shuffled(candidates, draw) });
      },
    );
  },
);
