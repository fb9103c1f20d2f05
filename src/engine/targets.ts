import type { Mode } from '../base/mode.ts';
import type { Secret } from '../base/secret.ts';
import { createSecret } from '../base/secret.ts';
import type { DatabaseField } from '../kinds/fields.ts';
import { findReferences } from '../kinds/references.ts';
import { type Place, resolveStore, type Targets } from '../kinds/targets.ts';
import type { ClusterPlace } from '../ports/cluster-tools.ts';
import type { KeyConfig } from '../ports/unpacker.ts';
import { expectsEncrypted, type Runbook } from '../runbook/schema.ts';

/** A drill that names no server for its database makes one of its own on this host. */
export function needsThrowaway({ drill }: Pick<Runbook, 'drill'>, mode: Mode): boolean {
  return mode === 'drill' && !drill?.database?.url;
}

type Throwaway = { readonly place: ClusterPlace; readonly url: Secret };

/**
 * @param runbook with its placeholders filled.
 * @param throwaway where `needsThrowaway`, as soon as the place is chosen; until then the target database can be asked for nothing.
 */
export function resolveTargets(runbook: Runbook, ...[mode, throwaway]: [Mode, Throwaway?]): Targets {
  const { backups, production, drill } = runbook;
  const live: Place = {
    databaseUrl: createSecret(production.database.url),
    expectedDatabase: production.database.expectName || undefined,
    ...resolveRoute(production.database),
    ...resolveCell(production.database),
    objects: production.objects === undefined ? undefined : resolveStore(production.objects),
    services: production.services,
    envFile: production.envFile || undefined,
  };
  return {
    backups: {
      store: resolveStore(backups.store),
      layout: backups.dumps.layout,
      host: backups.dumps.host || undefined,
      database: backups.dumps.database || undefined,
      encrypted: expectsEncrypted(runbook),
      system: runbook.system ?? runbook.name,
      signers: given(backups.signers),
      objectsPrefix: backups.objects?.prefix,
      cluster: backups.cluster,
      metadata: backups.dumps.metadata,
      expectTables: backups.dumps.expectTables,
      contents: backups.dumps.contents,
      key: resolveKey(backups.key),
    },
    production: live,
    target: mode === 'drill' ? drillPlace(live, { drill, throwaway }) : live,
  };
}

function given(text: string | undefined): string | undefined {
  return text && findReferences(text).length === 0 ? text : undefined;
}

/** What nobody filled is no key: a command that does without one leaves its placeholders as they are. */
function resolveKey(key: Runbook['backups']['key']): KeyConfig {
  const [privateKeyFile, passphrase] = [given(key.privateKeyFile), given(key.passphrase)];
  const [gnupgHome, ageIdentityFile] = [given(key.gnupgHome), given(key.ageIdentityFile)];
  return {
    ...(privateKeyFile ? { privateKeyFile } : {}),
    ...(passphrase ? { passphrase: createSecret(passphrase) } : {}),
    ...(gnupgHome ? { gnupgHome } : {}),
    ...(ageIdentityFile ? { ageIdentityFile } : {}),
  };
}

/** A drill that does not know where to go must never end up at production. */
function drillPlace(
  live: Place,
  to: { readonly drill: Runbook['drill']; readonly throwaway: Throwaway | undefined },
): Place {
  const { drill, throwaway } = to;
  const objects = drill?.objects === undefined ? undefined : resolveStore(drill.objects);
  const place = { ...withoutRoute(live), expectedDatabase: undefined, objects };
  const database = drill?.database;
  if (!database?.url) {
    if (throwaway === undefined) return { ...place, databaseUrl: createSecret('') };
    return { ...place, databaseUrl: throwaway.url, throwaway: throwaway.place };
  }
  return {
    ...place,
    databaseUrl: createSecret(database.url),
    expectedDatabase: database.expectName || undefined,
    ...resolveRoute(database),
    ...resolveCell(database),
    besideProduction: database.besideProduction,
  };
}

function resolveRoute({ via }: DatabaseField): Pick<Place, 'databaseRoute'> {
  // A command that reaches no database leaves its placeholders as they are, and uses the programs of this host.
  if (via === undefined || findReferences(via).length > 0) return {};
  return { databaseRoute: via };
}

function resolveCell({ cell }: DatabaseField): Pick<Place, 'cell'> {
  const password = given(cell?.password);
  if (cell === undefined || !password) return {};
  return { cell: { user: cell.role, password: createSecret(password) } };
}

/** A drill's database is reached its own way, and restored by a role of its own. */
function withoutRoute({ databaseRoute: _route, cell: _cell, ...rest }: Place): Place {
  return rest;
}
