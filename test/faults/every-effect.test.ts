import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCompany } from './company.ts';
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
] as const;

const short = new Set<string>();

async function walkShort(): Promise<void> {
  const shop = await startShop();
  try {
    for (const walk of scenes[0].walks)
      for (const effect of countNames(await recordEffects(shop, walk)).keys()) short.add(effect);
  } finally {
    await shop.remove();
  }
}

describe.each(scenes)(`Every kind of effect (THAW_TEST_SEED=${seed})`, ({ start, walks }) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await start();
  });
  afterAll(() => scene?.remove());

  it.each<Walk>(walks)(
    'of a %s, with each fault: nothing is lost, and what is told leads on to the end',
    async (walk) => {
      const isShort = start === startShop;
      if (!isShort && short.size === 0) await walkShort();
      const names = [...countNames(await recordEffects(scene, walk))].filter(
        ([effect]) => isShort || !short.has(effect),
      );
      expect(names.length).toBeGreaterThan(isShort ? 20 : 0);
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
});
