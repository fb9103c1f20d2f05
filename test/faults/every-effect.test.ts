import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBudget, drawFrom, seed, shuffled } from './draw.ts';
import { countNames } from './effects.ts';
import { type FaultStand, keepTrials, shortly, startFaultStand, type Trial, type Walk } from './shop.ts';

/**
 * Each kind of effect that a walk has, and each fault at it once: killed just before and just after, and its connections cut. The kinds are
 * those of an undisturbed walk, so that a new effect is among them by itself.
 */

let faults: FaultStand;
beforeAll(async () => {
  faults = await startFaultStand();
});
afterAll(() => faults?.remove());

const tried = [
  { how: 'killed before', phase: 'before', act: 'kill' },
  { how: 'killed after', phase: 'after', act: 'kill' },
  { how: 'connections cut before', phase: 'before', act: 'cut' },
] as const;

/** A file is not reached over a connection. */
const isPossible = (effect: string, how: string) =>
  !(effect.startsWith('file ') && how.startsWith('connections'));

describe(`Every kind of effect (THAW_TEST_SEED=${seed})`, () => {
  it.each<Walk>(['live', 'drill', 'rollback'])(
    'of a %s, with each fault: nothing is lost, and what is told leads on to the end',
    async (walk) => {
      const budget = createBudget();
      const names = [...countNames(await faults.record(walk))];
      expect(names.length).toBeGreaterThan(20);
      const all = names.flatMap(([effect, count]) =>
        tried.filter(({ how }) => isPossible(effect, how)).map((fault) => ({ ...fault, effect, count })),
      );
      const wanted = new RegExp(process.env.THAW_TEST_FAULT_ONLY ?? '');
      const draw = drawFrom(seed);
      const trials: Trial[] = [];
      const failures: string[] = [];
      for (const { how, phase, act, effect, count } of shuffled(all, draw)) {
        if (budget.isOver()) break;
        if (!wanted.test(`${walk}, ${how} ${effect}`)) continue;
        const at = { name: effect, nth: 1 + Math.floor(draw() * count), phase };
        try {
          const verdict = await faults.tryOne({ walk, at, act, how });
          trials.push({ walk, effect, fault: how, verdict });
        } catch (error) {
          failures.push(`${walk}, ${how} ${effect}, the ${at.nth}th: ${shortly(error)}`);
        }
      }
      keepTrials(`every-effect-${walk}`, trials);
      process.stdout.write(`thaw: ${trials.length} of ${all.length} faults of a ${walk} were tried\n`);
      expect(failures.join('\n=====\n')).toBe('');
      expect(trials.length).toBeGreaterThan(0);
    },
  );
});
