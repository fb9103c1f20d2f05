import { expect, it } from 'vitest';
import type { ClusterDriver, ClusterPlace } from '../../src/ports/cluster-tools.ts';
import { valueFrom } from './object-store.contract.ts';

export type MadeTools = {
  readonly tools: ClusterDriver;
  readonly place: ClusterPlace;
  /** Puts somebody else's files where the cluster should be. */
  occupy(): Promise<void>;
  dispose(): Promise<void>;
};

/** What whoever raises an empty cluster may rely on. */
export function throwawayClusterContract(contract: {
  readonly name: string;
  readonly make: () => Promise<MadeTools>;
}): void {
  const within = async (work: (made: MadeTools) => Promise<void>) => {
    const made = await contract.make();
    try {
      await work(made);
    } finally {
      await made.dispose();
    }
  };
  const isUp = async ({ tools, place }: MadeTools) => valueFrom(await tools.state(place)).running;

  it(`${contract.name}: is raised where nothing is, and raised again where it is up or down`, () =>
    within(async (made) => {
      const { tools, place } = made;
      expect(valueFrom(await tools.newestVersion()).major).toBeGreaterThanOrEqual(10);
      expect(valueFrom(await tools.look(place))).toEqual({ kind: 'free' });
      for (const act of ['raise', 'raise', 'stop', 'raise'] as const) {
        valueFrom(await tools[act](place));
        expect(await isUp(made)).toBe(act === 'raise');
        expect(valueFrom(await tools.look(place))).toEqual({ kind: 'own' });
      }
      valueFrom(await tools.remove(place));
      expect(valueFrom(await tools.look(place))).toEqual({ kind: 'free' });
      valueFrom(await tools.remove(place));
    }));

  it(`${contract.name}: is never made over somebody else's files`, () =>
    within(async (made) => {
      const { tools, place } = made;
      await made.occupy();
      expect(await tools.raise(place)).toMatchObject({ ok: false, failure: { code: 'conflict' } });
      valueFrom(await tools.remove(place));
      expect(valueFrom(await tools.look(place))).toMatchObject({ kind: 'taken' });
    }));
}
