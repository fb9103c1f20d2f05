import { swappedFact } from '../../../kinds/facts.ts';
import { stepsGiving } from '../../../kinds/handlers.ts';
import { fillReferences, findReferences } from '../../../kinds/references.ts';
import { handlers } from '../../../registry/kinds.ts';
import type { Runbook } from '../../../runbook/schema.ts';
import { nameRoute, nameServices } from '../../../services/list.ts';
import { nameStore } from '../../../stores/list.ts';

/** The names of places for people: no credential is in them, nothing is contacted. */
export type Places = {
  readonly database?: string;
  readonly objects?: string;
  readonly services?: string;
  readonly backups?: string;
};

type Section = {
  readonly database?: { readonly url: string; readonly via?: ViaLike | undefined } | undefined;
  readonly objects?: StoreLike | undefined;
  readonly services?: Parameters<typeof nameServices>[0] | undefined;
};

type StoreLike = Parameters<typeof nameStore>[0];
type ViaLike = Parameters<typeof nameRoute>[0];
/** Where a mode acts, as far as the values at hand tell; what is not at hand is named by its variable. */
export function describePlaces(
  runbook: Runbook,
  values: ReadonlyMap<string, string>,
): {
  readonly production: Places;
  readonly drill: Places;
} {
  const { production, drill, backups } = runbook;
  const from = (section: Section | undefined): Places => ({
    ...withText('database', describeDatabase(section?.database, values)),
    ...withText('objects', describeStore(section?.objects, values)),
    ...withText('services', describeServices(section?.services, values)),
  });
  return {
    production: { ...from(production), ...withText('backups', describeStore(backups?.store, values)) },
    drill: { ...from(drill), ...withText('database', describeDrillDatabase(runbook, values)) },
  };
}

/** Where none is named, a drill that restores one makes a server of its own. */
function describeDrillDatabase(
  { drill, steps }: Pick<Runbook, 'drill' | 'steps'>,
  values: ReadonlyMap<string, string>,
): string | undefined {
  const database = drill?.database;
  if (database !== undefined && fillReferences(database.url, values) !== '')
    return describeDatabase(database, values);
  return stepsGiving(swappedFact, { steps, handlers }).length > 0
    ? 'a throwaway PostgreSQL of this host'
    : undefined;
}

function withText(name: keyof Places, text: string | undefined): Places {
  return text === undefined ? {} : { [name]: text };
}

function describeDatabase(
  database: Section['database'],
  values: ReadonlyMap<string, string>,
): string | undefined {
  if (database === undefined) return undefined;
  const filled = fillReferences(database.url, values);
  // A password that is not at hand says nothing about the place.
  const open = findReferences(filled.slice(filled.lastIndexOf('@') + 1));
  const address = filled.replace(/\/\/.*@/, '//');
  if (open.length > 0 || !URL.canParse(address)) return namedBy(open);
  const { hostname, port, pathname } = new URL(address);
  // Only these three parts: user and password stay where they are.
  const way = database.via === undefined ? '' : nameRoute(fillReferences(database.via, values));
  const through = way === '' || findReferences(way).length > 0 ? '' : ` through ${way}`;
  return `database ${decodeURIComponent(pathname.slice(1))} at ${hostname}:${port || '5432'}${through}`;
}

function describeStore(
  store: StoreLike | undefined,
  values: ReadonlyMap<string, string>,
): string | undefined {
  if (store === undefined) return undefined;
  const { address } = nameStore(fillReferences(store, values));
  const open = findReferences(address);
  return open.length > 0 ? namedBy(open) : `objects in ${address}`;
}

function describeServices(
  services: Parameters<typeof nameServices>[0] | undefined,
  values: ReadonlyMap<string, string>,
): string | undefined {
  if (services === undefined) return undefined;
  const name = nameServices(fillReferences(services, values));
  const open = findReferences(name);
  return open.length > 0 ? namedBy(open) : name;
}

function namedBy(names: readonly string[]): string {
  return names.length === 0
    ? 'what the runbook names'
    : `what ${names.join(' and ')} ${names.length === 1 ? 'names' : 'name'} (not set here)`;
}
