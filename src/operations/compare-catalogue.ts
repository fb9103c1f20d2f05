import { type CatalogueFingerprint, compareCatalogues } from '../backups/catalogue.ts';
import { explainDifferences, type LeftOut } from '../backups/explain-catalogue.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { needFact, readFact, saysNone } from '../kinds/fact.ts';
import { cellFact, incomingDatabaseFact, manifestFact, swappingFact } from '../kinds/facts.ts';
import type { StepContext } from '../kinds/kind.ts';
import { catalogueFact, databaseSettingsFact, dumpRightsFact, rightsFact } from '../kinds/rights-facts.ts';
import type { Catalogue } from '../ports/catalogue.ts';
import type { DumpedDatabase } from '../ports/database-rights.ts';
import type { LoginRights } from '../ports/login-rights.ts';
import { restoredServer, tryRights } from './cell.ts';
import { tryDatabaseSettings } from './database-settings.ts';
import { targetServer } from './open-targets.ts';

/** So many are kept of what differs. */
const mostKept = 60;

const aboutRights = ['owners', 'grants', 'grants of MAINTAIN', 'default privileges'];
const madeLast = ['publications', 'subscriptions', 'event triggers', 'late comments'];
const ofDatabase = ['settings', 'rights to the database'];

/**
 * Tries, before the question of the swap, what comes back right before it: owners, grants, what belongs to the database itself. What would
 * stand then is compared with the manifest, where that has a fingerprint of it.
 *
 * @returns what these logins could do then; undefined where nothing comes back, and everything is as it will be already.
 */
export async function tryAndCompare(
  context: StepContext<'databases'>,
  restored: {
    readonly database: string;
    readonly dumped: DumpedDatabase | undefined;
    readonly logins: readonly string[];
  },
): Promise<Outcome<readonly LoginRights[] | undefined>> {
  // As the role of the run sees it: before anything is given away.
  const server = await restoredServer(context);
  if (!server.ok) return server;
  const expected = fingerprintOf(context);
  const found = expected === undefined ? succeed(undefined) : await server.value.catalogue(restored.database);
  if (!found.ok) return found;
  const rights = await tryRights(context, restored.logins);
  if (!rights.ok) return rights;
  const settings = await tryDatabaseSettings(context, restored.dumped);
  if (!settings.ok) return settings;
  if (expected === undefined || found.value === undefined) await forget(context);
  else
    await compareTrial(context, {
      expected,
      restored: found.value,
      tried: [rights.value?.catalogue, settings.value],
    });
  return succeed(rights.value?.logins);
}

function fingerprintOf(context: Pick<StepContext, 'fact' | 'targets'>): CatalogueFingerprint | undefined {
  return context.targets.backups.contents === 'schema'
    ? undefined
    : readFact(manifestFact, context)?.catalogue;
}

async function compareTrial(
  context: StepContext<'databases'>,
  found: {
    readonly expected: CatalogueFingerprint;
    readonly restored: Catalogue;
    readonly tried: readonly (Catalogue | undefined)[];
  },
): Promise<void> {
  const { expected, restored } = found;
  const tried = found.tried.flatMap((one) => one ?? []);
  const asCell = readFact(cellFact, context) !== undefined;
  const later = [...aboutRights, ...(asCell ? madeLast : []), ...ofDatabase];
  await record(context, { expected, trial: true, parts: [without(restored, later), ...tried] });
}

/** What was given away and set, right before the swap. */
export async function compareInPlace(context: StepContext<'databases'>): Promise<Outcome<void>> {
  const expected = fingerprintOf(context);
  if (expected === undefined) return succeed(undefined);
  const { incoming, hadTarget } = needFact(swappingFact, context);
  const found = await targetServer(context).catalogue(incoming);
  if (!found.ok) return found;
  const left = [
    ...(hadTarget ? ofDatabase : []),
    ...(readFact(rightsFact, context) === undefined ? aboutRights : []),
  ];
  await record(context, { expected, trial: false, parts: [without(found.value, left)] });
  return succeed(undefined);
}

async function forget(context: StepContext): Promise<void> {
  if (readFact(catalogueFact, context) !== undefined) await context.record(catalogueFact, null);
}

function without(catalogue: Catalogue, sections: readonly string[]): Catalogue {
  return {
    ...catalogue,
    sections: catalogue.sections.filter((section) => !sections.includes(section)),
    objects: catalogue.objects.filter(({ section }) => !sections.includes(section)),
  };
}

async function record(
  context: StepContext,
  compared: {
    readonly expected: CatalogueFingerprint;
    readonly trial: boolean;
    readonly parts: readonly Catalogue[];
  },
): Promise<void> {
  const { expected, trial, parts } = compared;
  const unreadable = saysNone(dumpRightsFact, context);
  const all: Catalogue = {
    serverMajor: parts[0]?.serverMajor ?? 0,
    sections: parts.flatMap(({ sections }) => sections),
    objects: parts.flatMap(({ objects }) => objects),
  };
  const comparable = unreadable ? without(all, [...aboutRights, ...madeLast]) : all;
  const found = compareCatalogues(expected, {
    ...comparable,
    notRead: whyNotRead(context, { trial, unreadable }),
  });
  const { explained, unexplained } = explainDifferences(found.differences, leftOut(context));
  await context.record(catalogueFact, {
    trial,
    equal: found.equal,
    expected: found.expected,
    differences: unexplained.slice(0, mostKept),
    differing: unexplained.length,
    unclear: found.unclear.slice(0, mostKept),
    explained: explained.slice(0, mostKept),
    notCompared: found.notCompared,
  });
}

function whyNotRead(
  context: StepContext,
  { trial, unreadable }: { readonly trial: boolean; readonly unreadable: boolean },
): Readonly<Record<string, string>> {
  const reasons = (sections: readonly string[], why: string) =>
    Object.fromEntries(sections.map((section) => [section, why]));
  const isBlank = readFact(databaseSettingsFact, context) !== undefined;
  const rights = unreadable
    ? 'the table of contents of this dump cannot be read that far'
    : 'owners and grants of the dump were left out';
  return {
    ...reasons([...aboutRights, ...madeLast], rights),
    ...reasons(
      ofDatabase,
      isBlank && trial
        ? 'they are put back right before the swap'
        : 'the database that is there tells, and not the dump',
    ),
  };
}

function leftOut(context: StepContext): LeftOut {
  const moved = readFact(incomingDatabaseFact, context)?.movedFrom ?? [];
  return {
    rights: readFact(rightsFact, context)?.left ?? [],
    settings: readFact(databaseSettingsFact, context)?.left ?? [],
    moved: moved.some(({ objects }) => objects !== undefined),
  };
}
