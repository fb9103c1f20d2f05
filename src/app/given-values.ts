import { type Check, passed } from '../base/verdict.ts';
import type { InputField } from '../kinds/references.ts';

export type EnvFile = {
  readonly path: string;
  readonly values: Readonly<Record<string, string | undefined>>;
};

/** A value with its origin, in words. The value itself is shown nowhere. */
export type GivenValue = {
  readonly name: string;
  readonly value: string;
  readonly from: string;
  /** Who gives another value, which is not used. */
  readonly overruled?: string;
};

const byDefault = 'the default';
const byKit = 'the kit';
/** Beaten by anybody, and silently. */
const meant: readonly string[] = [byDefault, byKit];

/**
 * A file that was named on the command line beats the environment, where an old export may lie, and a later file beats an earlier
 * one. What is empty gives nothing. Defaults come last; what a person typed was missing everywhere.
 */
export function weighValues(request: {
  readonly inputs: Readonly<Record<string, InputField>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly files: readonly EnvFile[];
  /** Of the kit that the runbook lies in. */
  readonly kit?: ReadonlyMap<string, string>;
  readonly typed?: ReadonlyMap<string, string>;
}): ReadonlyMap<string, GivenValue> {
  const none = new Map<string, string>();
  const { inputs, environment, files, kit = none, typed = none } = request;
  const weakestFirst: readonly (readonly [string, Iterable<readonly [string, string | undefined]>])[] = [
    [byDefault, Object.entries(inputs).map(([name, input]) => [name, input.default])],
    [byKit, kit],
    ['the environment', Object.entries(environment)],
    ...files.map(({ path, values }) => [path, Object.entries(values)] as const),
    ['what was typed', typed],
  ];
  const given = new Map<string, GivenValue>();
  for (const [from, values] of weakestFirst) {
    for (const [name, value] of values) {
      // An empty default is one; an empty line of a template, or an empty export, gives nothing.
      if (value === undefined || (value === '' && from !== byDefault)) continue;
      const before = given.get(name);
      const beaten = before !== undefined && !meant.includes(before.from) && before.value !== value;
      given.set(name, { name, value, from, ...(beaten ? { overruled: before.from } : {}) });
    }
  }
  return given;
}

/** By origin, names alone: 3 values from .env: DATABASE_URL, … */
export function sayOrigins(values: readonly GivenValue[]): readonly Check[] {
  const byOrigin = Map.groupBy(values, ({ from }) => from);
  return [...byOrigin].map(([from, given]) =>
    passed(
      `${given.length === 1 ? '1 value' : `${given.length} values`} from ${from}: ${given.map(({ name }) => name).join(', ')}`,
    ),
  );
}

/** What would have been silently another value before: said aloud, by name. */
export function sayOverruled(values: readonly GivenValue[]): readonly string[] {
  return values.flatMap(({ name, from, overruled }) =>
    overruled === undefined
      ? []
      : [`${name} is taken from ${from}; ${overruled} has another value, which is not used.`],
  );
}
