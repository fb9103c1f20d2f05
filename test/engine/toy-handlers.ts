import { z } from 'zod';
import { succeed } from '../../src/base/failure.ts';
import { passed } from '../../src/base/verdict.ts';
import { defineFact } from '../../src/kinds/fact.ts';
import type { StepHandlers } from '../../src/kinds/handlers.ts';
import type { Step, StepHandler } from '../../src/kinds/kind.ts';
import { handlers, runbookSchema } from '../../src/registry/kinds.ts';

/** What a test says of one kind; everything else of it does nothing and succeeds. */
export type Toy = Partial<Omit<StepHandler, 'kind'>>;

/** Real declarations that do nothing: every kind there is may be played. */
export function toyHandlers(toys: Readonly<Record<string, Toy>> = {}): StepHandlers {
  return Object.fromEntries(
    Object.values(handlers).map((declared) => [
      declared.kind,
      toyHandler(declared, toys[declared.kind] ?? {}),
    ]),
  );
}

function toyHandler(declared: StepHandler, toy: Toy): StepHandler {
  const {
    essential: _,
    leaveOut: _leave,
    stillHolds: _holds,
    lookAgain: _look,
    foresee: _foresee,
    cleanUp: _clean,
    ...rest
  } = declared;
  return {
    ...rest,
    title: `Toy ${declared.kind}`,
    afterCrash: 'run-again',
    preview: async () => ({ sentences: [`Plays ${declared.kind}.`], commands: [] }),
    check: async () => [],
    run: async () => succeed({ kind: 'done' }),
    verify: async () => succeed([passed(`${declared.kind} looked at`)]),
    ...toy,
  };
}

const needed: Readonly<Record<string, object>> = {
  'stop-writers': { services: ['web'] },
  'recover-cluster': { folder: '/srv/recovered', port: '5999' },
  'restore-files': { from: { kind: 'tree', prefix: 'media-{date}/' }, into: '/srv/media' },
  'verify-secrets': { required: ['KEY'] },
  'open-secrets': { from: 'secrets.env' },
  'smoke-checklist': { items: [{ kind: 'attest', id: 'a', title: 'a', instructions: 'look' }] },
  command: { program: 'true' },
  'export-query': { query: 'SELECT 1', into: '/srv/rows.csv' },
  confirm: { text: 'Is it so?' },
};

/** A step of this kind with all that its schema wants. */
export function toyStep(
  kind: string,
  more: { readonly id?: string; readonly alongside?: boolean } = {},
): Step {
  return parseStep({ kind, ...needed[kind], ...more });
}

/** As a runbook's schema does it: a step of any kind, with its defaults. */
export function parseStep(step: { readonly kind: string }): Step {
  return runbookSchema
    .parse({
      ...{ thaw: 1, name: 'toy', title: 'Toy', objectives: { rto: '1h', rpo: '1h' } },
      ...{ production: {}, steps: [step] },
    })
    .steps.values()
    .next().value as Step;
}

/** A fact that holds whatever a toy says. */
export const toyFact = (name: string) => defineFact(name, 1, z.unknown());
