import { drillOfComment, nameBeside, ownershipComment, runMark } from '../base/digest.ts';
import { type Failure, fail, succeed } from '../base/failure.ts';
import { Permit } from '../base/permit.ts';
import type { MarkedDatabase, Rename } from '../ports/database-server.ts';
import type { Guard, KeptGuard } from '../ports/guard.ts';
import type { ServerLooks } from '../ports/world.ts';

/** A run as its guard knows it. */
type Guarded = {
  readonly runId: string;
  /** A path in the work folder: whatever lies there is the run's own. */
  readonly workFile?: (name: string) => string;
  /** Whether the name that a question asked for was typed; asked again, it has to be typed again. */
  agreed(question: string): boolean;
};

/**
 * The one place where leave is given to destroy something (`base/permit.ts`). What the run made is known by its mark: a comment on a
 * database, a name in a path. Everything else is somebody's, and needs the name that the operator typed.
 */
export function createGuard({ runId, workFile, agreed }: Guarded): Guard {
  const mark = runMark(runId);
  const agreedOr = (question: string, what: string): Failure | undefined =>
    agreed(question) ? undefined : notAgreed(what);
  const workFolder = workFile?.('any').slice(0, -'any'.length);
  const isWork = (path: string) =>
    workFolder !== undefined && path.startsWith(workFolder) && !path.split('/').includes('..');
  return {
    async dropDatabase(server, { name, begun }) {
      const found = await server.describeDatabase(name);
      if (!found.ok) return found;
      if (found.value === undefined) return succeed(undefined);
      const { oid, comment } = found.value;
      // The comment is set a moment after the database is made; a crash in between leaves ours without one.
      const own = comment === ownershipComment(runId) || (comment === undefined && begun);
      if (!own || name === server.databaseName) return fail(notOurs(`Database ${name}`, server.address));
      return succeed(new Permit({ name, oid }));
    },

    dropLeftover: (server, left) => permitLeftover(server, { ...left, runId }),

    async renameDatabases(server, { renames, agreedIn }) {
      // Whoever brings a database back under a name that is free takes nothing away.
      const out = renames.find(({ from }) => from === server.databaseName);
      const refusal = out && agreedOr(agreedIn, `rename database ${out.from} on ${server.address}`);
      if (refusal !== undefined) return fail(refusal);
      const pinned: Rename[] = [];
      for (const rename of renames) {
        const found = await server.describeDatabase(rename.from);
        if (!found.ok) return found;
        const oid = found.value?.oid;
        if (oid === undefined || (rename.oid !== undefined && rename.oid !== oid))
          return fail(anotherOne(rename, { address: server.address, oid }));
        pinned.push({ ...rename, oid });
      }
      return succeed(new Permit(pinned));
    },

    overwriteObject({ object, agreedIn }) {
      const refusal = agreedOr(agreedIn, `overwrite ${object.key}`);
      return refusal === undefined ? succeed(new Permit(object)) : fail(refusal);
    },

    removeObject: (key) =>
      key.startsWith(`thaw-drill-${runId}/`) ? succeed(new Permit(key)) : fail(notOurs(key, 'the store')),

    replaceFolder({ swapping, agreedIn }) {
      const { target, hadTarget } = swapping;
      const refusal = hadTarget ? agreedOr(agreedIn, `replace ${target}`) : undefined;
      return refusal === undefined ? succeed(new Permit(swapping)) : fail(refusal);
    },

    removeFolder(path) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      // The old folder carries the mark, too, behind another word.
      const own = isWork(path) || name.endsWith(`.restore-${mark}`) || name === `thaw-drill-${runId}`;
      return own ? succeed(new Permit(path)) : fail(notOurs(path, 'this host'));
    },

    removeFile: (path) => (isWork(path) ? succeed(new Permit(path)) : fail(notOurs(path, 'this host'))),

    async removeCluster(clusters, place) {
      const found = await clusters.look(place);
      if (!found.ok) return found;
      if (found.value.kind !== 'taken') return succeed(new Permit(place));
      return fail(notOurs(`${place.folder} (${found.value.what})`, 'this host'));
    },
  };
}

/** Of a drill that is over: its mark, its name and nobody at work there. */
async function permitLeftover(
  server: ServerLooks,
  { name, oid, runId }: MarkedDatabase & { readonly runId: string },
): ReturnType<Guard['dropLeftover']> {
  // Whoever drills here holds it, from wherever.
  const lease = await server.lease(server.databaseName);
  if (!lease.ok) return lease;
  const found = await server.describeDatabase(name);
  if (!found.ok) return found;
  if (found.value === undefined) return succeed(undefined);
  const drill = drillOfComment(found.value.comment ?? '');
  const isLeft =
    drill !== undefined &&
    drill !== runId &&
    found.value.oid === oid &&
    // That of another database is another system's, whose lease nobody asked for here.
    name === nameBeside(server.databaseName, { role: 'restore', runId: drill });
  return isLeft ? succeed(new Permit({ name, oid })) : fail(notOurs(`Database ${name}`, server.address));
}

/** What a run kept for a roll-back goes only by its exact name, and only where that name carries the mark of the run. */
export function guardKept({ runId, agreed }: Pick<Guarded, 'runId' | 'agreed'>): KeptGuard {
  const isKept = (name: string) => agreed(name) && /[._-](?:before|undone)[_-][0-9a-f]{6}\/?$/.test(name);
  const refuse = (what: string) => fail(notAgreed(`drop ${what}`));
  return {
    async dropDatabase(server, { name, oid }) {
      if (!isKept(name) || !name.endsWith(`_${runMark(runId)}`) || name === server.databaseName)
        return refuse(`database ${name}`);
      const found = await server.describeDatabase(name);
      if (!found.ok) return found;
      if (found.value === undefined) return succeed(undefined);
      if (oid !== undefined && found.value.oid !== oid)
        return fail(notOurs(`Database ${name}`, server.address));
      return succeed(new Permit({ name, oid: found.value.oid }));
    },
    removeFolder: (path) => (isKept(path) ? succeed(new Permit(path)) : refuse(path)),
    removeObject: (key, prefix) =>
      isKept(prefix) && key.startsWith(prefix) ? succeed(new Permit(key)) : refuse(key),
  };
}

/** Retention: what the plan removes, and nothing that it keeps. Consent is the runbook's, whose rules somebody wrote down. */
export function guardRetention(plan: {
  readonly removes: ReadonlySet<string>;
  readonly keeps: ReadonlySet<string>;
}): Pick<Guard, 'removeObject'> {
  const isKept = (key: string) =>
    plan.keeps.has(key) || (key.endsWith('/') && [...plan.keeps].some((one) => one.startsWith(key)));
  return {
    removeObject: (key) =>
      plan.removes.has(key) && !isKept(key)
        ? succeed(new Permit(key))
        : fail({
            code: 'conflict',
            message: `The rules of retention keep ${key}; it stays.`,
            remedy: 'Look at the plan with `thaw prune --dry-run`.',
            retry: 'never',
          }),
  };
}

function notOurs(what: string, where: string): Failure {
  return {
    code: 'conflict',
    message: `${what} exists on ${where} and was not made by this run.`,
    remedy: 'Look at it; rename or remove it by hand if nobody needs it, then retry.',
    retry: 'after-fix',
  };
}

function anotherOne(
  { from, oid: wanted }: Rename,
  found: { readonly address: string; readonly oid: number | undefined },
): Failure {
  const is =
    found.oid === undefined
      ? 'is not there any more'
      : `is another database than was looked at (object id ${found.oid}, not ${wanted})`;
  return {
    code: 'conflict',
    message: `Cannot rename database ${from} on ${found.address}: it ${is}. Nothing was renamed.`,
    remedy: `Find out who dropped, made or renamed ${from} meanwhile, then retry.`,
    retry: 'after-fix',
  };
}

function notAgreed(what: string): Failure {
  return {
    code: 'conflict',
    message: `Cannot ${what}: its name was not typed in this run.`,
    remedy: 'Retry to be asked for it. Nothing was changed.',
    retry: 'safe',
  };
}
