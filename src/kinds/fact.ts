import { z } from 'zod';
import { assert } from '../base/assert.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { JournalEntry } from '../journal/entry.ts';

/**
 * What one step leaves for the others, kept in the journal so that a resumed run knows it too. A fact has one name and one shape,
 * declared beside the kind of step that writes it; writer, readers and record share it, so a misspelt field does not compile.
 */
export type Fact<T> = {
  /** As it stands in the journal. */
  readonly name: string;
  /** Raised with every change of the shape that an older journal does not meet. */
  readonly version: number;
  readonly schema: z.ZodType<T>;
  /** By the version it came from: the value one version later. A version without one is refused by name. */
  readonly upgrades: Readonly<Record<number, (value: unknown) => unknown>>;
};

/** One fact for each step, or each item of one: `overwriting:` and the id. */
type FactFamily<T> = ((id: string) => Fact<T>) & { readonly prefix: string; readonly fact: Fact<T> };

/** A fact of any shape: what lists hold, and what needs no value. */
type AnyFact = Pick<Fact<unknown>, 'name' | 'version' | 'upgrades'>;

type Definition<T> = [version: number, schema: z.ZodType<T>, upgrades?: Fact<T>['upgrades']];

export function defineFact<T>(name: string, ...[version, schema, upgrades = {}]: Definition<T>): Fact<T> {
  return { name, version, schema, upgrades };
}

export function defineFacts<T>(prefix: string, ...definition: Definition<T>): FactFamily<T> {
  const fact = defineFact(prefix, ...definition);
  return Object.assign((id: string) => ({ ...fact, name: `${prefix}${id}` }), { prefix, fact });
}

/** What may be recorded where a T is read: lists may be read-only. Nothing that the shape does not name. */
export type Recordable<T> = T extends readonly (infer Item)[]
  ? readonly Recordable<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]: Recordable<T[Name]> }
    : T;

/** Where facts are read from: the context of a step, or the facts of a run. */
export type FactSource = { fact(name: string): unknown } | ReadonlyMap<string, unknown>;

/** @returns undefined where there is none, and where null says that an earlier one holds no more. */
export function readFact<T>(fact: Fact<T>, from: FactSource): T | undefined {
  const value = recordedValue(fact, from);
  return value === undefined || value === null ? undefined : fact.schema.parse(value);
}

/** For facts the order of the runbook guarantees; lint has refused a runbook that does not. */
export function needFact<T>(fact: Fact<T>, from: FactSource): T {
  const value = readFact(fact, from);
  assert(value !== undefined, `an earlier step recorded ${fact.name}`);
  return value;
}

/** Whether a step has said that there is none: that differs from nobody having said anything. */
export function saysNone(fact: AnyFact, from: FactSource): boolean {
  return recordedValue(fact, from) === null;
}

/** Whether it was recorded and not taken back, whatever it says. */
export function holds(fact: AnyFact, from: FactSource): boolean {
  const value = recordedValue(fact, from);
  return value !== undefined && value !== null;
}

function recordedValue({ name }: AnyFact, from: FactSource): unknown {
  return 'fact' in from ? from.fact(name) : from.get(name);
}

/** The fact itself, or the one of a family that belongs to this id. */
export function factOf(known: KnownFact, id: string): AnyFact {
  return 'prefix' in known ? { ...known.fact, name: `${known.prefix}${id}` } : known;
}

/** Every fact of a family that holds, with the id it belongs to. */
export function readFacts<T>(
  family: FactFamily<T>,
  facts: ReadonlyMap<string, unknown>,
): readonly FactOfFamily<T>[] {
  return factsOf(family, { facts, read: readFact });
}

/** Of an old journal, for people: what does not have the shape of today is not known, and a record is drawn all the same. */
export function readLoosely<T>(fact: Fact<T>, facts: ReadonlyMap<string, unknown>): T | undefined {
  const parsed = fact.schema.safeParse(facts.get(fact.name));
  return parsed.success ? parsed.data : undefined;
}

/** Every fact of a family that holds and has the shape of today, with the id it belongs to. */
export function readFactsLoosely<T>(
  family: FactFamily<T>,
  facts: ReadonlyMap<string, unknown>,
): readonly FactOfFamily<T>[] {
  return factsOf(family, { facts, read: readLoosely });
}

type FactOfFamily<T> = { readonly id: string; readonly value: T };

function factsOf<T>(
  family: FactFamily<T>,
  how: {
    readonly facts: ReadonlyMap<string, unknown>;
    readonly read: (fact: Fact<T>, facts: ReadonlyMap<string, unknown>) => T | undefined;
  },
): readonly FactOfFamily<T>[] {
  return [...how.facts.keys()].flatMap((name) => {
    if (!name.startsWith(family.prefix)) return [];
    const id = name.slice(family.prefix.length);
    const value = how.read(family(id), how.facts);
    return value === undefined ? [] : [{ id, value }];
  });
}

type Recorded = { readonly name: string; readonly version?: number; readonly value: unknown };

/**
 * What a journal of any earlier version holds, in the shape of today.
 *
 * @param known every fact and every family there is; what is not among them was written by a kind that is gone, and stays as it is.
 * @returns `journal-damaged` with the name of a fact that this version cannot read.
 */
export function upgradeFact(known: readonly KnownFact[], recorded: Recorded): Outcome<unknown> {
  const { name, version = 1 } = recorded;
  const fact = known
    .map((one) => ('fact' in one ? one.fact : one))
    .find((one) => one.name === name || (one.name.endsWith(':') && name.startsWith(one.name)));
  let { value } = recorded;
  if (fact === undefined || value === null) return succeed(value);
  for (let from = version; from !== fact.version; from += 1) {
    const upgrade = fact.upgrades[from];
    if (upgrade === undefined) return fail(notReadable({ name, version, reads: fact.version }));
    value = upgrade(value);
  }
  return succeed(value);
}

/** Facts of older versions in the shape of today, in memory alone: the journal stays as it was written. */
export function upgradeEntries(
  known: readonly KnownFact[],
  entries: readonly JournalEntry[],
): { readonly entries: readonly JournalEntry[]; readonly unreadable: Failure | undefined } {
  let unreadable: Failure | undefined;
  const upgraded = entries.map((entry): JournalEntry => {
    if (entry.kind !== 'fact-recorded') return entry;
    const value = upgradeFact(known, entry);
    if (value.ok) return { ...entry, value: z.json().parse(value.value) };
    unreadable ??= value.failure;
    return entry;
  });
  return { entries: upgraded, unreadable };
}

/** A fact or a family, whatever it holds: what lists of them are made of. */
export type KnownFact = AnyFact | { readonly prefix: string; readonly fact: AnyFact };

function notReadable(found: {
  readonly name: string;
  readonly version: number;
  readonly reads: number;
}): Failure {
  const { name, version, reads } = found;
  return {
    code: 'journal-damaged',
    message: `The journal holds the fact ${name} in version ${version}; this thaw reads version ${reads}.`,
    remedy: 'Go on with the version of thaw that wrote it: the first line of the journal names it.',
    retry: 'after-fix',
  };
}
