import type { ComposeService } from '../compose-model.ts';
import { asLayoutText, type Family } from '../infer-layout.ts';

/** What was seen of a store, and of what is said to fill it. Names only; nothing was opened. */
export type StoreLook = {
  /** Without the prefix that was named beside the store. */
  readonly keys: readonly string[];
  readonly families: readonly Family[];
  readonly services: readonly ComposeService[];
  /** The database of production, where it is known. */
  readonly database?: string | undefined;
};

export type Recognised = {
  /** The program or document whose layout it is, for people. */
  readonly name: string;
  /** Key layout of its dumps; left out where thaw can read none of them as they lie. */
  readonly layout?: string;
  /** The objects the layout was taken from, one of them: it is opened to see what is inside. */
  readonly example?: string;
  /** What functions of that application need to find what they name (restore-database, searchPath). */
  readonly searchPath?: readonly string[];
  /** Whole sentences that stand as comments in the runbook. */
  readonly notes: readonly string[];
  /** What a person has to find out or to do, each a whole sentence. */
  readonly toDo: readonly string[];
};

/** One program that makes backups, or one application whose documents say how: what its names look like. */
export type KnownLayout = {
  readonly name: string;
  /** What lies in the store, as its own documents or its code have it. */
  readonly leaves: string;
  readonly recognise: (look: StoreLook) => Omit<Recognised, 'name'> | undefined;
};

/**
 * A layout that the names alone tell.
 *
 * @param named.layout of the groups of the first name that fits, of the wanted database where there are several.
 */
export function byName(named: {
  readonly key: RegExp;
  readonly layout: (groups: Readonly<Record<string, string>>) => string | undefined;
  readonly notes?: readonly string[];
  readonly toDo?: readonly string[];
}): KnownLayout['recognise'] {
  return (look) => {
    const found = look.keys.flatMap((key) => {
      const match = named.key.exec(key);
      return match === null ? [] : [{ key, groups: given(match.groups) }];
    });
    const wanted = found.find(({ groups }) => groups.db !== undefined && groups.db === look.database);
    const taken = wanted ?? found[0];
    if (taken === undefined) return undefined;
    const layout = named.layout(taken.groups);
    const databases = [...new Set(found.flatMap(({ groups }) => groups.db ?? []))];
    return {
      ...(layout === undefined ? {} : { layout, example: taken.key }),
      notes: named.notes ?? [],
      toDo: [...(named.toDo ?? []), ...severalDatabases(databases, taken.groups.db, look.database)],
    };
  };
}

function given(
  groups: Readonly<Record<string, string | undefined>> | undefined,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(groups ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, asLayoutText(value)]],
    ),
  );
}

function severalDatabases(
  all: readonly string[],
  ...[taken, wanted]: [string | undefined, string | undefined]
): readonly string[] {
  if (all.length < 2 || taken === undefined || taken === wanted) return [];
  return [
    `There are dumps of ${all.slice(0, 5).join(', ')}: the layout takes ${taken}. Correct it where another one is meant.`,
  ];
}

/** Whether a program of that image is among the services. */
export function hasImage(look: StoreLook, image: RegExp): boolean {
  return look.services.some((service) => image.test(service.image));
}
