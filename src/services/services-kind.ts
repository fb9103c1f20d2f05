import type { z } from 'zod';
import { type Failure, fail } from '../base/failure.ts';
import { type DeclaredFields, declareFields } from '../platform/declare-fields.ts';
import type { Container } from '../ports/container.ts';
import type { DatabaseRouteConfig } from '../ports/database-route.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import type { Services, ServicesConfig } from '../ports/services.ts';

/** What services and containers are opened with. */
type ServicesTools = {
  readonly processes: ProcessRunner;
  readonly environment: Readonly<Record<string, string | undefined>>;
};

/** What stops and starts services: one folder each, listed in `services/list.ts`. */
export type ServicesKind = DeclaredFields & {
  /** For people, pure: services of compose project crm. */
  name(config: ServicesConfig): string;
  open(config: ServicesConfig, tools: ServicesTools): Services;
};

/** A container through which a database is reached, `via:` in the runbook. */
export type RouteKind = DeclaredFields & {
  /** For people, pure: the service, or the pod. Empty where nothing lies between. */
  name(config: DatabaseRouteConfig): string;
  /** Of services of the same kind, the one in whose container the database is reached. Pure; values may be placeholders still. */
  serviceOnIt(config: DatabaseRouteConfig, among: ServicesAlike): string | undefined;
  /** undefined where its values say that nothing lies between. */
  open(config: DatabaseRouteConfig, tools: ServicesTools): Container | undefined;
};

/** Services that are driven by the same kind, and names of some of them. */
type ServicesAlike = { readonly services: ServicesConfig; readonly names: readonly string[] };

type Filled<Shape extends z.ZodRawShape> = z.output<
  z.ZodObject<{ kind: z.ZodLiteral<string> } & Shape, z.core.$strict>
>;
type Declared<Shape extends z.ZodRawShape> = Parameters<typeof declareFields<Shape>>[0];

export function defineServices<Shape extends z.ZodRawShape>(
  declared: Declared<Shape> & {
    name(fields: Filled<Shape>): string;
    open(fields: Filled<Shape>, tools: ServicesTools): Services;
  },
): ServicesKind {
  const { read, ...fields } = declareFields(declared);
  return {
    ...fields,
    name(config) {
      const filled = read(config);
      return filled.ok ? declared.name(filled.value) : `services of kind ${declared.kind}`;
    },
    open(config, tools) {
      const filled = read(config);
      return filled.ok ? declared.open(filled.value, tools) : refuseAll(declared.kind, filled.failure);
    },
  };
}

export function defineRoute<Shape extends z.ZodRawShape>(
  declared: Declared<Shape> & {
    name(fields: Filled<Shape>): string;
    /** Left out: always. */
    isUsed?(fields: Filled<Shape>): boolean;
    serviceOnIt(fields: Filled<Shape>, among: ServicesAlike): string | undefined;
    open(fields: Filled<Shape>, tools: ServicesTools): Container;
  },
): RouteKind {
  const { read, ...fields } = declareFields(declared);
  return {
    ...fields,
    name(config) {
      const filled = read(config);
      return filled.ok ? declared.name(filled.value) : '';
    },
    serviceOnIt(config, among) {
      const filled = read(config);
      return filled.ok ? declared.serviceOnIt(filled.value, among) : undefined;
    },
    open(config, tools) {
      const filled = read(config);
      if (!filled.ok) return closed(declared.kind, filled.failure);
      return declared.isUsed?.(filled.value) === false ? undefined : declared.open(filled.value, tools);
    },
  };
}

function refuseAll(kind: string, failure: Failure): Services {
  const refuse = async () => fail(failure);
  return {
    address: `services of kind ${kind}`,
    probe: refuse,
    status: refuse,
    describe: () => '',
    stop: refuse,
    start: refuse,
    followLog: refuse,
  };
}

function closed(kind: string, failure: Failure): Container {
  return {
    address: `a container of kind ${kind}`,
    exec: async () => fail(failure),
    describe: () => '',
    explain: async () => failure,
    otherWay: failure.remedy,
  };
}

/** What is left out, or empty, may be either. */
export function mayBeSame(one: unknown, other: unknown): boolean {
  return !one || !other || one === other;
}
