import { z } from 'zod';
import { succeed } from '../../src/base/failure.ts';
import { passed } from '../../src/base/verdict.ts';
import { defineFact } from '../../src/kinds/fact.ts';
import type { StepHandler, StepHandlers } from '../../src/kinds/kind.ts';
import { type Step, type StepKind, stepSchema } from '../../src/kinds/step-schema.ts';

/** What a test says of one kind; everything else of it does nothing and succeeds. */
export type Toy = Partial<Omit<StepHandler, 'kind'>>;

const kinds = stepSchema.options.map((option) => option.shape.kind.value);

export function toyHandlers(toys: Partial<Record<StepKind, Toy>> = {}): StepHandlers {
  return Object.fromEntries(
    kinds.map((kind) => [kind, toyHandler(kind, toys[kind] ?? {})]),
  ) as unknown as StepHandlers;
}

function toyHandler(kind: StepKind, toy: Toy): StepHandler {
  return {
    kind,
    title: `Toy ${kind}`,
    afterCrash: 'run-again',
    preview: async () => ({ sentences: [`Plays ${kind}.`], commands: [] }),
    check: async () => [],
    run: async () => succeed({ kind: 'done' }),
    verify: async () => succeed([passed(`${kind} looked at`)]),
    ...toy,
  };
}

const needed: Partial<Record<StepKind, object>> = {
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
  kind: StepKind,
  more: { readonly id?: string; readonly alongside?: boolean } = {},
): Step {
  return stepSchema.parse({ kind, ...needed[kind], ...more });
}

/** A fact that holds whatever a toy says. */
export const toyFact = (name: string) => defineFact(name, 1, z.unknown());
