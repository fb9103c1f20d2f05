import { fail, type Outcome, succeed } from '../base/failure.ts';

const reference = /\$\{([A-Z][A-Z0-9_]*)\}/g;

const anyBraces = /\$\{[^}]*\}?/g;

/** What looks like a placeholder and is none: ${name}, ${A-B}, ${OPEN. It would be used as it is written. */
export function findMalformedReferences(value: unknown): readonly string[] {
  const found = new Set<string>();
  visitTexts(value, (text) => {
    for (const [whole] of text.matchAll(anyBraces))
      if (!/^\$\{[A-Z][A-Z0-9_]*\}$/.test(whole)) found.add(whole);
  });
  return [...found];
}

/** The ${NAME} placeholders inside any value, in order of appearance, each once. */
export function findReferences(value: unknown): readonly string[] {
  const names = new Set<string>();
  visitTexts(value, (text) => {
    for (const [, name] of text.matchAll(reference)) if (name !== undefined) names.add(name);
  });
  return [...names];
}

type Walk = {
  readonly steps: readonly object[];
  readonly drill?: unknown;
  readonly production: { readonly services?: unknown };
};

/** The runbook without what this mode never looks at: whoever restores need not know of a drill, nor a drill how to stop production. */
export function neededIn(mode: 'live' | 'drill' | 'tabletop', runbook: Walk): unknown {
  if (mode !== 'drill') {
    const { drill: _drill, ...rest } = runbook;
    return { ...rest, steps: runbook.steps.map((step) => without('drillInto', step)) };
  }
  const steps = runbook.steps.filter((step) => !('inDrill' in step) || step.inDrill !== false);
  return { ...runbook, steps, production: without('services', runbook.production) };
}

function without(name: string, fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
}

function visitTexts(value: unknown, visit: (text: string) => void): void {
  if (typeof value === 'string') visit(value);
  else if (value !== null && typeof value === 'object')
    for (const item of Object.values(value)) visitTexts(item, visit);
}

/** Fills every placeholder in every text of a value. A name without a value stays as written: `resolveInputs` has refused it before, where this mode needs it. */
export function fillReferences<T>(value: T, values: ReadonlyMap<string, string>): T {
  if (typeof value === 'string') {
    return value.replace(reference, (whole, name: string) => values.get(name) ?? whole) as T;
  }
  if (Array.isArray(value)) return value.map((item) => fillReferences(item, values)) as T;
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, fillReferences(item, values)]),
    ) as T;
  }
  return value;
}

const userPartOfUrl = /^[a-z][a-z0-9+.-]*:\/\/([^/@]*)@/i;

/**
 * Inputs whose raw value would end the user part of a URL that is put together: what comes behind the sign would be taken for the host,
 * and a piece of a password would be looked up and shown.
 */
export function findUrlBreakers(value: unknown, values: ReadonlyMap<string, string>): readonly string[] {
  const names = new Set<string>();
  visitTexts(value, (text) => {
    for (const name of findReferences(userPartOfUrl.exec(text)?.[1] ?? ''))
      if (/[@/#?\\\s[\]]/.test(values.get(name) ?? '')) names.add(name);
  });
  return [...names];
}

export type InputField = {
  readonly about: string;
  readonly secret: boolean;
  readonly default?: string | undefined;
};

/** The needed inputs that have no value, in the order in which they are needed. */
export function listMissing(request: {
  readonly inputs: Readonly<Record<string, InputField>>;
  readonly needed: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}): readonly string[] {
  const { inputs, needed, environment } = request;
  return needed.filter((name) => (environment[name] || inputs[name]?.default) === undefined);
}

/**
 * A value for every needed input: from what was given, else the default.
 * Fails with `answer-missing`, naming all that are missing at once.
 */
export function resolveInputs(request: {
  readonly inputs: Readonly<Record<string, InputField>>;
  readonly needed: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Outcome<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  for (const name of request.needed) {
    const value = request.environment[name] || request.inputs[name]?.default;
    if (value !== undefined) values.set(name, value);
  }
  const missing = listMissing(request).map((name) => {
    const input = request.inputs[name];
    return input === undefined ? name : `${name} (${input.about})`;
  });
  if (missing.length === 0) return succeed(values);
  return fail({
    code: 'answer-missing',
    message: `${missing.length === 1 ? 'One value is' : `${missing.length} values are`} missing: ${missing.join('; ')}.`,
    remedy: `Set ${missing.length === 1 ? 'it' : 'them'} in the environment, or in a file given with --env-file.`,
    retry: 'after-fix',
  });
}
