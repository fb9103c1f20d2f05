import { afterAll, beforeAll, describe, it } from 'vitest';
import { startCompany, startContainers } from './company.ts';
import { drawFrom, seed } from './draw.ts';
import { begun } from './effects.ts';
import { allFaults } from './faults.ts';
import { startShop } from './shop.ts';
import { type Candidate, recordEffects, type Scene, tryAll, type Walk } from './trial.ts';

/** Any fault at any moment of any walk, as the seed draws them: what nobody thought of putting together. */

const drawn = Number(process.env.THAW_TEST_DRAWN ?? 100);

const scenes = [
  { of: 'a shop', start: startShop, walks: ['live', 'drill', 'rollback'], share: 0.8 },
  { of: 'a company', start: startCompany, walks: ['company', 'company-rollback'], share: 0.16 },
  {
    of: 'containers',
    start: startContainers,
    walks: ['compose', 'compose-rollback'],
    share: 0.04,
  },
] as const;

describe.each(scenes)(`Faults of $of, drawn from THAW_TEST_SEED=${seed}`, ({ of, start, walks, share }) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await start();
  });
  afterAll(() => scene?.remove());

  it('lose nothing, and what is told leads on to the end', async () => {
    const effects = new Map<Walk, readonly string[]>();
    for (const walk of walks) effects.set(walk, begun(await recordEffects(scene, walk)));
    const draw = drawFrom(seed);
    const one = <T>(items: readonly T[]): T => {
      const item = items[Math.floor(draw() * items.length)];
      if (item === undefined) throw new Error('Nothing to draw from');
      return item;
    };
    const candidates = Array.from({ length: Math.ceil(drawn * share) }, (): Candidate => {
      const walk = one<Walk>(walks);
      const names = effects.get(walk) ?? [];
      const number = 1 + Math.floor(draw() * names.length);
      const effect = names[number - 1] ?? '';
      const fault = one(allFaults.filter(({ isPossible }) => isPossible?.(walk, effect) ?? true));
      return { walk, effect, fault, at: { number, phase: fault.phase } };
    });
    await tryAll(scene, { name: `seeded-${of.replace('a ', '')}`, candidates });
  });
});
