import { describe, expect, it } from 'vitest';
import { succeed } from '../../src/base/failure.ts';
import { declareKind, implementKind } from '../../src/kinds/kind.ts';
import { handlers } from '../../src/registry/kinds.ts';

const declared = {
  title: 'A toy',
  about: 'It only compiles, or does not.',
  example: '- kind: toy',
  fields: {},
  afterCrash: 'run-again',
} as const;

const behaviour = {
  preview: async () => ({ sentences: [], commands: [] }),
  check: async () => [],
  run: async () => succeed({ kind: 'done' as const }),
  verify: async () => succeed([]),
};

describe('A kind of step', () => {
  it('reaches the ports that it declares; anything else does not compile', () => {
    // Never called: the compiler is the test. Each of these lines fails `npm run types` once it is no error any more.
    const attempts = [
      implementKind(declareKind({ ...declared, kind: 'reads-files', uses: ['host'] }), {
        ...behaviour,
        async run(_step, { world, targets }) {
          world.host.now();
          // @ts-expect-error no database was declared
          world.openDatabaseServer(targets.production.databaseUrl);
          // @ts-expect-error no program was declared
          await world.processes.run({ command: 'rm', args: [] });
          return succeed({ kind: 'done' });
        },
        async check(_step, { world }) {
          // @ts-expect-error a check gets no more than was declared, either
          world.openStore({ kind: 's3' });
          return [];
        },
      }),
      implementKind(declareKind({ ...declared, kind: 'reaches-nothing', uses: [] }), {
        ...behaviour,
        async run(_step, { world }) {
          // @ts-expect-error not even the clock
          world.host.now();
          return succeed({ kind: 'done' });
        },
      }),
    ];
    expect(attempts).toHaveLength(2);
  });

  it('can start programs of the runbook only as a command', () => {
    const starting = Object.values(handlers).filter(({ uses }) => uses.includes('processes'));
    expect(starting.map(({ kind }) => kind)).toEqual(['command']);
  });

  it('that sends mail or looks into secrets is named here, so that a new one is seen', () => {
    const kinds = (port: 'mail' | 'secretFiles') =>
      Object.values(handlers).flatMap(({ kind, uses }) => (uses.includes(port) ? [kind] : []));
    expect(kinds('mail').toSorted()).toEqual(['dns-records', 'smtp-probe']);
    expect(kinds('secretFiles').toSorted()).toEqual(['open-secrets', 'verify-secrets']);
  });
});
