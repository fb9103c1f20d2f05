import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawFrom, seed, shuffled } from './draw.ts';
import { begun } from './effects.ts';
import { cutBefore, killedAfter, killedAndServerRestarted, killedBefore, serverRestarted } from './faults.ts';
import { startShop } from './shop.ts';
import { recordEffects, type Scene, tryAll, type Walk } from './trial.ts';

/** Every single effect between the first door that is closed and the last one that is opened, with every fault. */

let scene: Scene;
beforeAll(async () => {
  scene = await startShop();
});
afterAll(() => scene?.remove());

const tried = [killedBefore, killedAfter, cutBefore, serverRestarted, killedAndServerRestarted];

/** Numbers of the effects of the swap, counted over the whole process; a little more on both sides. */
function window(effects: readonly string[]): readonly (readonly [number, string])[] {
  const names = begun(effects);
  const isDoor = (name: string) => /ALLOW_CONNECTIONS|RENAME TO/.test(name);
  const first = Math.max(0, names.findIndex(isDoor) - 4);
  const last = names.findLastIndex(isDoor) + 6;
  return names.map((name, index) => [index + 1, name] as const).slice(first, last);
}

describe(`The swap and the roll-back, exhaustively (THAW_TEST_SEED=${seed})`, () => {
  it.each<Walk>(['live', 'rollback'])('of a %s: nothing is lost, and what is told leads on', async (walk) => {
    const effects = window(await recordEffects(scene, walk));
    expect(effects.length).toBeGreaterThan(15);
    const candidates = effects.flatMap(([number, effect]) =>
      tried.map((fault) => ({
        walk,
        effect: `${number} ${effect}`,
        fault,
        at: { number, phase: fault.phase },
      })),
    );
    await tryAll(scene, { name: `swap-${walk}`, candidates: shuffled(candidates, drawFrom(seed)) });
  });
});
