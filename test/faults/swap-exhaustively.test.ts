import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBudget, drawFrom, seed, shuffled } from './draw.ts';
import { type Act, begun, type Phase } from './effects.ts';
import { type FaultStand, keepTrials, shortly, startFaultStand, type Trial, type Walk } from './shop.ts';

/** Every single effect between the first door that is closed and the last one that is opened, with every fault. */

let faults: FaultStand;
beforeAll(async () => {
  faults = await startFaultStand();
});
afterAll(() => faults?.remove());

type Fault = { readonly how: string; readonly phase: Phase; readonly act: Act };

const tried = (): readonly Fault[] => [
  { how: 'killed before', phase: 'before', act: 'kill' },
  { how: 'killed after', phase: 'after', act: 'kill' },
  { how: 'connections cut before', phase: 'before', act: 'cut' },
  {
    how: 'server restarted before',
    phase: 'before',
    act: async () => {
      await faults.stand.cluster.control('stop');
      await faults.stand.cluster.control('start');
    },
  },
  {
    how: 'server restarted, and thaw killed, before',
    phase: 'before',
    act: async (thaw) => {
      thaw.kill('SIGKILL');
      await faults.stand.cluster.control('stop');
      await faults.stand.cluster.control('start');
    },
  },
];

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
    const budget = createBudget();
    const effects = window(await faults.record(walk));
    expect(effects.length).toBeGreaterThan(15);
    const all = effects.flatMap(([number, effect]) => tried().map((fault) => ({ ...fault, number, effect })));
    const trials: Trial[] = [];
    const failures: string[] = [];
    for (const { how, phase, act, number, effect } of shuffled(all, drawFrom(seed))) {
      if (budget.isOver()) break;
      try {
        const verdict = await faults.tryOne({ walk, at: { number, phase }, act, how });
        trials.push({ walk, effect: `${number} ${effect}`, fault: how, verdict });
      } catch (error) {
        failures.push(`${walk}, ${how} ${effect}, effect ${number}: ${shortly(error)}`);
      }
    }
    keepTrials(`swap-${walk}`, trials);
    process.stdout.write(
      `thaw: ${trials.length} of ${all.length} faults in the swap of a ${walk} were tried\n`,
    );
    expect(failures.join('\n=====\n')).toBe('');
    expect(trials.length).toBeGreaterThan(0);
  });
});
