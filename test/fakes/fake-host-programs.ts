import { succeed } from '../../src/base/failure.ts';
import type { Lack, ProgramName } from '../../src/base/programs.ts';
import type { HostPrograms } from '../../src/ports/host-programs.ts';

export type FakeHostPrograms = HostPrograms & { readonly away: Set<ProgramName> };

/** A host on which everything is installed but what the test takes away; a plan has one line for each program. */
export function createFakeHostPrograms(): FakeHostPrograms {
  const away = new Set<ProgramName>();
  return {
    away,
    missing: async (needed: readonly Lack[]) => needed.filter(({ program }) => away.has(program)),
    plan: (lacks) => ({
      distribution: 'a distribution in memory',
      commands: lacks.map(({ program }) => `install ${program}`),
      byHand: [],
    }),
    install: async ({ command }) => {
      for (const program of away) if (command === `install ${program}`) away.delete(program);
      return succeed(undefined);
    },
  };
}
