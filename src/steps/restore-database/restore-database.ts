import { ownershipComment } from '../../base/digest.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatBytes, formatTime } from '../../base/units.ts';
import { against, type Check, failed, notVerified, passed } from '../../base/verdict.ts';
import { archiveFileFact } from '../../kinds/dump-facts.ts';
import { needFact, readFact } from '../../kinds/fact.ts';
import {
  incomingDatabaseFact,
  restoredFact,
  snapshotFact,
  swappedFact,
  swappingFact,
  targetFact,
} from '../../kinds/facts.ts';
import { implementKind, type StepContext } from '../../kinds/kind.ts';
import { stillLost } from '../../operations/application-rights.ts';
import { lookBeforeSwap } from '../../operations/before-swap.ts';
import { closeCell, dropCell } from '../../operations/cell.ts';
import { dropOwn, incomingNames } from '../../operations/incoming-database.ts';
import { targetServer, targetTools } from '../../operations/open-targets.ts';
import { stillAsCounted } from '../../operations/still-as-counted.ts';
import { leftoverChecks, sweepDrills } from '../../operations/sweep-drills.ts';
import { raiseThrowaway, removeThrowaway } from '../../operations/throwaway-cluster.ts';
import { whyNotAsWritten } from '../../operations/work-file.ts';
import { writersBackChecks } from '../../operations/writers-still-down.ts';
import { judgeApplication, judgeKeys } from './ask-before-swap.ts';
import { checkApplication } from './check-application.ts';
import { checkDatabases } from './check-databases.ts';
import { compareWithLive } from './compare-with-live.ts';
import { compareWithLiveSchema } from './compare-with-live-schema.ts';
import { foreseeApplication, judgeInPlace } from './judge-application.ts';
import { restoreDatabaseKind } from './kind.ts';
import { holdsSchemaAlone, proveRestored } from './prove-restored.ts';
import { readAsApplication } from './read-as-application.ts';
import { restoreArchive, restoreJobs } from './restore-archive.ts';
import { swapQuestion } from './swap-databases.ts';
import { swapInPlace, undoUnfinishedSwap } from './swap-in-place.ts';

/**
 * Restores into a database beside the one to be replaced, proves it, and only then swaps the two by renaming. The old
 * database stays for `thaw rollback`. A drill ends before the swap.
 */
export const restoreDatabase = implementKind(restoreDatabaseKind, {
  async preview(step, context) {
    const server = targetServer(context);
    const { incoming, kept } = incomingNames(context.runId, server.databaseName);
    const tools = targetTools(context);
    // A tabletop has no archive; the command then names the file that a run would make.
    const archive = readFact(archiveFileFact, context);
    const { throwaway } = context.targets.target;
    const { path: file, format } = archive ?? { path: 'archive.dump', format: 'custom' as const };
    return {
      sentences: [
        throwaway === undefined
          ? `Restores into ${incoming}, a new database on ${server.address}, and counts every table.`
          : `Makes a PostgreSQL of its own on this host, in ${throwaway.folder}, restores into ${incoming} there, and counts every table.`,
        context.mode === 'drill'
          ? `Compares the counts with the live database; ${throwaway === undefined ? 'the new one is dropped' : 'all of it is removed'} when the drill ends.`
          : `Then asks you to type the name, and swaps: ${server.databaseName} is kept as ${kept}.`,
      ],
      commands: [
        tools.describeRestore({ file, database: incoming, jobs: restoreJobs(step, context), format }),
      ],
    };
  },

  async check(step, context) {
    return [...(await checkDatabases(step, context)), ...checkApplication(step.application, context)];
  },

  async run(step, context) {
    if (readFact(swappedFact, context) !== undefined) return succeed({ kind: 'done' });
    if (readFact(swappingFact, context) !== undefined) return swapInPlace(context);
    const raised = await raiseThrowaway(context);
    if (!raised.ok) return raised;
    if (isSharedDrill(context)) await sweepDrills(context);
    if (!(await isRestored(context))) {
      const archive = await findArchive(context);
      if (!archive.ok) return archive;
      if (archive.value !== undefined)
        return succeed({ kind: 'lacks', fact: archiveFileFact, reason: archive.value });
      const restored = await restoreArchive(step, context);
      if (!restored.ok) return restored;
    }
    if (context.mode === 'drill') return succeed({ kind: 'done' });
    const bad = proveRestored(context).filter((check) => check.verdict === 'failed');
    if (bad.length > 0) return fail(notVerified(bad));
    const keys = await judgeKeys(context, needFact(restoredFact, context).database);
    if (!keys.ok) return keys;
    const rights = await judgeApplication(step.application, context);
    if (!rights.ok) return rights;
    const looked = await lookBeforeSwap(context);
    const counted = looked.ok ? await stillAsCounted(context) : looked;
    if (!counted.ok) return counted;
    const agreed = await confirmSwap(context, [
      ...proveRestored(context),
      ...keys.value,
      ...rights.value,
      ...writersBack(context),
    ]);
    return agreed.ok ? swapInPlace(context) : agreed;
  },

  async verify(step, context) {
    const proofs = proveRestored(context);
    const asApplication = await readAsApplication(step.application, context);
    if (context.mode === 'drill') {
      const restored = needFact(restoredFact, context);
      const live = holdsSchemaAlone(context)
        ? await compareWithLiveSchema(context, restored)
        : await compareWithLive(context, {
            ...{ ...restored, createdColumn: step.createdColumn },
            notAfterMs: needFact(snapshotFact, context).uploadedAtMs ?? context.world.host.now(),
          });
      const rights = [...foreseeApplication(context), ...asApplication];
      return live.ok ? succeed([...proofs, ...rights, ...against('live', live.value)]) : live;
    }
    const done = needFact(swappedFact, context);
    const found = await targetServer(context).describeDatabase(done.target);
    if (!found.ok) return found;
    const inPlace =
      found.value !== undefined && found.value.oid === done.incomingOid
        ? passed(
            `${done.target} is the restored database${done.hadTarget ? `; the old one is kept as ${done.kept}` : ''}`,
          )
        : failed(
            `${done.target} is not the database this run restored`,
            'Find out who renamed databases meanwhile.',
          );
    const lost = await stillLost(context, done.target);
    if (!lost.ok) return lost;
    return succeed([
      ...proofs,
      ...judgeInPlace(lost.value),
      ...asApplication,
      ...writersBack(context),
      inPlace,
    ]);
  },

  async cleanUp(_step, context) {
    const { throwaway } = context.targets.target;
    if (throwaway !== undefined) return removeThrowaway(throwaway, context);
    const halfway = await undoUnfinishedSwap(context);
    if (halfway !== undefined) return [halfway];
    const { incoming } = incomingNames(context.runId, targetServer(context).databaseName);
    const dropped = await soon(context, async () => {
      const closed = await closeCell(context);
      return closed.ok ? dropOwn(context, incoming) : closed;
    });
    if (!dropped.ok)
      return [
        failed(
          `throwaway database ${incoming} is still there: ${dropped.failure.message}`,
          dropped.failure.remedy,
        ),
      ];
    const gone = await soon(context, () => dropCell(context));
    if (!gone.ok)
      return [failed(`the role of this run is still there: ${gone.failure.message}`, gone.failure.remedy)];
    if (context.mode === 'live' && !dropped.value) return [];
    const others = isSharedDrill(context) ? await leftoverChecks(context) : [];
    return [passed(`throwaway database ${incoming} dropped`), ...others];
  },
});

/** A session that was ended lets go a moment later, and what it held may be all the locks there are: a copy of production is not left for that. */
async function soon<T>(
  { patience }: Pick<StepContext, 'patience'>,
  act: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  for (let attempt = 1; ; attempt += 1) {
    const done = await act();
    const mayPass = !done.ok && done.failure.code === 'conflict' && done.failure.retry === 'safe';
    if (done.ok || !mayPass || attempt === mostAttempts) return done;
    await patience.pause(1000, done.failure.message);
  }
}

const mostAttempts = 8;

function writersBack(context: StepContext<'databases'>): readonly Check[] {
  const { kept } = incomingNames(context.runId, targetServer(context).databaseName);
  return writersBackChecks(context, kept);
}

/** An earlier attempt may have restored and counted everything, and stopped at the question. */
async function isRestored(context: StepContext<'databases'>): Promise<boolean> {
  const restored = readFact(restoredFact, context);
  const snapshot = needFact(snapshotFact, context);
  if (restored === undefined || restored.snapshotKey !== snapshot.key) return false;
  const found = await targetServer(context).describeDatabase(restored.database);
  return found.ok && found.value?.comment === ownershipComment(context.runId);
}

async function confirmSwap(
  context: StepContext<'databases'>,
  checks: readonly Check[],
): Promise<Outcome<void>> {
  const server = targetServer(context);
  const { incoming, kept } = incomingNames(context.runId, server.databaseName);
  const [old, fresh] = await Promise.all([
    server.describeDatabase(server.databaseName),
    server.describeDatabase(incoming),
  ]);
  if (!old.ok) return old;
  if (!fresh.ok) return fresh;
  const snapshot = needFact(snapshotFact, context);
  const proofs = checks.map(({ verdict, text }) =>
    verdict === 'passed' ? text : `${verdict.replaceAll('-', ' ')}: ${text}`,
  );
  const answer = await context.ask({
    kind: 'type-name',
    id: swapQuestion,
    stepId: context.stepId,
    title: 'Swap the restored database into place',
    body: [snapshot.loss],
    name: server.databaseName,
    verb: 'swap',
    facts: [
      { label: 'server', value: server.address },
      {
        label: 'goes out',
        value:
          old.value === undefined
            ? 'nothing: there is no such database yet'
            : `${old.value.name}  ${formatBytes(old.value.sizeBytes)}`,
      },
      {
        label: 'comes in',
        value: `${incoming}  ${formatBytes(fresh.value?.sizeBytes ?? 0)}  from ${formatTime(snapshot.takenAtMs)}`,
      },
      ...proofs.map((value) => ({ label: 'checked', value })),
      ...reachingOut(context),
      ...(old.value === undefined
        ? []
        : [{ label: 'kept as', value: `${kept}  (thaw rollback puts it back)` }]),
    ],
  });
  if (!answer.ok) return answer;
  if (answer.value.value === server.databaseName) {
    const names = { target: server.databaseName, incoming, kept, hadTarget: old.value !== undefined };
    // The one of the beginning, should another have come between the look above and this one.
    const targetOid = readFact(targetFact, context)?.oid ?? old.value?.oid;
    await context.record(swappingFact, {
      ...names,
      ...(targetOid === undefined ? {} : { targetOid }),
      ...(fresh.value === undefined ? {} : { incomingOid: fresh.value.oid }),
    });
    return succeed(undefined);
  }
  return fail({
    code: 'cancelled',
    message: `The swap was not confirmed; ${server.databaseName} is untouched and ${incoming} is ready.`,
    remedy: 'Retry to be asked again; nothing needs to be restored anew.',
    retry: 'safe',
  });
}

/** During the restore these reach nobody; with the typed name they may again. */
function reachingOut(context: StepContext) {
  const { extensions } = needFact(restoredFact, context).inventory;
  const names = extensions.map(({ name }) => name).filter((name) => /_fdw$|^dblink$/.test(name));
  return names.length === 0
    ? []
    : [
        {
          label: 'reaches out',
          value: `${names.join(', ')}: from then on the database may contact other servers`,
        },
      ];
}

/** The work folder may lie on a disk that a restart empties. */
/** @returns why the unpacked dump has to be made again; undefined where it need not. */
async function findArchive(context: StepContext<'host'>): Promise<Outcome<string | undefined>> {
  const archive = needFact(archiveFileFact, context);
  const what = 'the unpacked dump';
  if (archive.format !== 'directory') {
    const wasTried = readFact(incomingDatabaseFact, context) !== undefined;
    return whyNotAsWritten(context, { what, file: archive, wasTried });
  }
  // Its size and digest are those of the packed one.
  const size = await context.world.host.fileSize(`${archive.path}/toc.dat`);
  return size.ok ? succeed(size.value === undefined ? `${what} is gone` : undefined) : size;
}

/** On a server that is there before and after it: what an earlier drill left there is still there. */
function isSharedDrill({ mode, targets }: Pick<StepContext, 'mode' | 'targets'>): boolean {
  return mode === 'drill' && targets.target.throwaway === undefined;
}
