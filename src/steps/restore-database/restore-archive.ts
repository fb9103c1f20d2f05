import { shorten } from '../../backups/compare-inventories.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { parseBytes } from '../../base/units.ts';
import { archiveFileFact } from '../../kinds/dump-facts.ts';
import { needFact } from '../../kinds/fact.ts';
import { incomingDatabaseFact } from '../../kinds/facts.ts';
import type { PreviewContext, StepContext, StepOf } from '../../kinds/kind.ts';
import { durationMs } from '../../kinds/targets.ts';
import { chooseRights, closeCell, makeCell, restoringTools } from '../../operations/cell.ts';
import { dropOwn, makeIncomingDatabase } from '../../operations/incoming-database.ts';
import { refuseNewerDump } from '../../operations/newer-dump.ts';
import { targetServer, targetTools } from '../../operations/open-targets.ts';
import { limitRestore } from '../../operations/restore-limits.ts';
import { refuseNewer } from '../../operations/throwaway-cluster.ts';
import type { ArchiveContents, RestoreMessage, RestoreReport } from '../../ports/dump-tools.ts';
import { countRestored } from './count-restored.ts';
import type { restoreDatabaseKind } from './kind.ts';

type Step = StepOf<typeof restoreDatabaseKind>;
type Context = StepContext<'host' | 'databases' | 'dumpTools' | 'clusters'>;

/** The archive into a incoming database, every message of pg_restore judged, every table counted. Touches nothing else. */
export async function restoreArchive(step: Step, context: Context): Promise<Outcome<void>> {
  const archive = needFact(archiveFileFact, context);
  const contents = await targetTools(context).contents(archive.path);
  if (!contents.ok) return contents;
  const readable = await refuseNewer(contents.value, context);
  if (!readable.ok) return readable;
  const taken = await refuseNewerDump(contents.value.dumpedFromVersion, context);
  if (!taken.ok) return taken;
  const rights = await chooseRights(context);
  if (!rights.ok) return rights;
  const attempt = {
    contents: contents.value,
    asCell: rights.value.kind === 'cell',
    searchPath: step.searchPath,
    application: step.application,
  };
  const report = await fillIncoming(step, { context, attempt });
  if (!report.ok) return report;
  const isLost = report.value.messages.some(({ lacksSearchPath }) => lacksSearchPath === true);
  if (!isLost || step.searchPath !== undefined) return accept(context, { ...attempt, report: report.value });
  const searchPath = await offerSearchPath(context, { contents: contents.value, report: report.value });
  if (!searchPath.ok) return searchPath;
  if (searchPath.value === undefined) return accept(context, { ...attempt, report: report.value });
  const again = { ...attempt, searchPath: searchPath.value };
  const second = await fillIncoming(step, { context, attempt: again });
  return second.ok ? accept(context, { ...again, report: second.value }) : second;
}

type Attempt = {
  readonly contents: ArchiveContents;
  readonly asCell: boolean;
  readonly searchPath: readonly string[] | undefined;
  readonly application: Step['application'];
};

/** Made anew, and filled. */
async function fillIncoming(
  step: Step,
  { context, attempt }: { readonly context: Context; readonly attempt: Attempt },
): Promise<Outcome<RestoreReport>> {
  const { contents, searchPath } = attempt;
  const archive = needFact(archiveFileFact, context);
  const closed = await closeCell(context);
  if (!closed.ok) return closed;
  const incoming = await makeIncomingDatabase(context, contents);
  if (!incoming.ok) return incoming;
  const { format, extensions = [] } = contents;
  if (attempt.asCell) {
    const made = await makeCell(context, { database: incoming.value, extensions });
    if (!made.ok) return made;
  }
  const opened = await restoringTools(context);
  if (!opened.ok) return opened;
  const tools = opened.value;
  const { movedFrom = [] } = needFact(incomingDatabaseFact, context);
  const inOnePlace = movedFrom.some(({ objects }) => objects !== undefined);
  const jobs = restoreJobs(step, context);
  const request = { file: archive.path, database: incoming.value, jobs, format, inOnePlace };
  await context.recordCommand(tools.describeRestore(request));
  if (searchPath !== undefined)
    context.output(
      `functions of the dump that say no search path look in ${searchPath.join(', ')} meanwhile`,
    );
  const total = contents.entries.length;
  const report = await tools.restore({
    ...request,
    searchPath,
    stallMs: durationMs(step.stall),
    watch: await limitRestore(context, {
      dumpBytes: archive.sizeBytes,
      largestBytes: step.largest === undefined ? undefined : parseBytes(step.largest),
      longestMs: durationMs(step.longest),
    }),
    signal: context.signal,
    onLine: context.output,
    onEntry: (done) => context.progress({ label: 'restored', done, total, unit: 'count' }),
  });
  if (report.ok) return report;
  // Its client is gone, but the server may still work for it.
  const shut = await closeCell(context);
  if (!shut.ok) return shut;
  const room = await makeRoom(report.failure, { database: incoming.value, context });
  return room.ok ? report : room;
}

/** What pg_restore said is judged, and what it made is counted. */
async function accept(
  context: Context,
  { contents, report, searchPath, application }: Attempt & { readonly report: RestoreReport },
): Promise<Outcome<void>> {
  const database = needFact(incomingDatabaseFact, context).name;
  const program = contents.format === 'plain' ? 'psql' : 'pg_restore';
  const accepted = await judgeMessages(context, { ...report, program });
  const counted = accepted.ok
    ? await countRestored(context, {
        ...{ database, contents, searchPath, application, accepted: accepted.value },
        harmless: report.messages.filter(({ weight }) => weight === 'harmless').length,
      })
    : accepted;
  return counted.ok ? counted : makeRoom(counted.failure, { database, context });
}

/** @returns undefined where nobody wants it. */
async function offerSearchPath(
  context: Context,
  { contents, report }: { readonly contents: ArchiveContents; readonly report: RestoreReport },
): Promise<Outcome<readonly string[] | undefined>> {
  const own = contents.database?.searchPath ?? ['public'];
  const places = [...own, ...(contents.extensions ?? []).map(({ schema }) => schema)];
  const searchPath = [...new Set(places)].filter((name) => name !== '$user' && name !== 'pg_catalog');
  const lost = report.messages.find(({ lacksSearchPath }) => lacksSearchPath === true);
  const answer = await context.ask({
    kind: 'choose',
    id: 'restore-database.search-path',
    stepId: context.stepId,
    title:
      'A function of the dump finds nothing, since pg_dump leaves it no search path. Restore again with one?',
    body: [
      lost?.text ?? '',
      `While tables are filled, functions that say none themselves would look in ${searchPath.join(', ')}. Afterwards they are as they were dumped.`,
      'The same comes from the runbook with `searchPath` in this step. It ends for good where the function itself says one: ALTER FUNCTION … SET search_path.',
    ],
    choices: [
      { value: 'stop', label: 'no, this restore is not good' },
      { value: 'lend', label: `yes, with ${searchPath.join(', ')}` },
    ],
    preferred: 'stop',
  });
  if (!answer.ok) return answer;
  return succeed(answer.value.value === 'lend' ? searchPath : undefined);
}

/** A full disk is everybody's on that server: the half of a database that filled it goes at once, and not at the next attempt. */
async function makeRoom(
  failure: Failure,
  { database, context }: { readonly database: string; readonly context: StepContext<'databases'> },
): Promise<Outcome<void>> {
  if (failure.code !== 'out-of-space') return fail(failure);
  const closed = await closeCell(context);
  const dropped = closed.ok ? await dropOwn(context, database) : closed;
  const now = dropped.ok
    ? 'What had been restored was dropped, so the room is free again; production is untouched.'
    : `What had been restored still takes its room: ${dropped.failure.message}`;
  return fail({ ...failure, message: `${failure.message} ${now}` });
}

export function restoreJobs(
  step: StepOf<typeof restoreDatabaseKind>,
  { world }: Pick<PreviewContext<'host'>, 'world'>,
): number {
  return step.jobs ?? world.host.facts.cores;
}

/** pg_restore ends with 1 for harmless noise and for a lost table alike, so its messages decide, not its exit status. */
async function judgeMessages(
  context: StepContext<'databases'>,
  report: RestoreReport & { readonly program: string },
): Promise<Outcome<readonly string[]>> {
  const fatal = report.messages.filter(({ weight }) => weight === 'fatal');
  const open = report.messages.filter(({ weight }) => weight === 'needs-decision');
  const unexplained = report.exitCode !== 0 && report.messages.length === 0;
  const full = fatal.find(({ text }) => /No space left on device|could not extend file/.test(text));
  if (full !== undefined) {
    const { address } = targetServer(context);
    return fail({
      code: 'out-of-space',
      message: `The disk of the database server at ${address} is full: ${shorten([full.text], 1)}.`,
      remedy:
        'Free space on the disk of the database server, or restore into a server with more, then retry.',
      retry: 'after-fix',
      detail: fatal.map(fullText).join('\n'),
    });
  }
  if (fatal.length > 0 || unexplained) {
    return fail({
      code: 'command-failed',
      message: unexplained
        ? `${report.program} ended with status ${report.exitCode} and said nothing about why.`
        : `${report.program} reports ${fatal.length} errors: ${shorten(
            fatal.map(({ text }) => text),
            3,
          )}.`,
      remedy: 'Read the output of this step; the database in production is untouched.',
      retry: 'after-fix',
      detail: fatal.map(fullText).join('\n'),
    });
  }
  if (open.length === 0) return succeed([]);
  const answer = await context.ask({
    kind: 'choose',
    id: 'restore-database.messages',
    stepId: context.stepId,
    title: `pg_restore reports ${open.length} messages that need a decision. Go on with them?`,
    body: open.map(fullText),
    choices: [
      { value: 'stop', label: 'no, this restore is not good' },
      { value: 'accept', label: 'yes, they are expected', needsReason: true },
    ],
    preferred: 'stop',
  });
  if (!answer.ok) return answer;
  if (answer.value.value === 'accept') return succeed(open.map(({ text }) => text));
  return fail({
    code: 'command-failed',
    message: `pg_restore reports ${open.length} messages that were not accepted: ${shorten(
      open.map(({ text }) => text),
      3,
    )}.`,
    remedy: 'Install what is missing on the server, then retry.',
    retry: 'after-fix',
  });
}

function fullText(message: RestoreMessage): string {
  return message.command === undefined ? message.text : `${message.text} (${message.command.split('\n')[0]})`;
}
