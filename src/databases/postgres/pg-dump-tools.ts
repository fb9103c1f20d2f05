import { open, stat } from 'node:fs/promises';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { shellWord } from '../../base/quoting.ts';
import type { Secret } from '../../base/secret.ts';
import type { DatabaseLogin } from '../../ports/database-rights.ts';
import type { DatabaseRoute } from '../../ports/database-route.ts';
import type {
  ArchiveContents,
  DumpFormat,
  DumpTools,
  RestoreReport,
  RestoreRequest,
} from '../../ports/dump-tools.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { readArchiveContents } from './archive-contents.ts';
import { takeDatabase } from './cluster-dump.ts';
import { connectionEnvironment, databaseArgument } from './connection-environment.ts';
import { readConnectionTarget, withLogin } from './connection-target.ts';
import { dumpArguments, readGlobals, streamDump } from './dump-database.ts';
import type { RestoreTool } from './find-restore-tool.ts';
import { lendSearchPath } from './lend-search-path.ts';
import { createRestoreOutputReader } from './pg-restore-output.ts';
import { readPlainContents } from './plain-contents.ts';
import { openProgramPlace, type ProgramPlace } from './program-place.ts';
import { readContent } from './read-content.ts';
import { createActivityProbe, restoreApplication } from './restore-activity.ts';
import { plainRestoreArguments, restorePlain } from './restore-plain.ts';
import type { ServerContext } from './session.ts';
import { type RestoreWatch, watchRestore } from './watch-restore.ts';

export function openDumpTools(request: {
  readonly url: Secret;
  readonly processes: ProcessRunner;
  /** Where the database is reached only through something else: then pg_restore and psql run there, too. */
  readonly route?: DatabaseRoute | undefined;
  /** Whom pg_restore and psql act as; left out: the user of the URL. */
  readonly login?: DatabaseLogin | undefined;
}): DumpTools {
  const { processes, route } = request;
  const target = withLogin(readConnectionTarget(request.url), request.login);
  const place = openProgramPlace({ processes, route });
  const { known, tool } = keepTools(place);

  return {
    restoreToolVersion: async (format) => {
      const outcome = await tool(format);
      return outcome.ok ? succeed(outcome.value.version) : outcome;
    },
    ...(route === undefined ? {} : { freeBytes: route.freeBytes }),
    contents: async (file): Promise<Outcome<ArchiveContents>> => {
      const format = await findDumpFormat(file);
      if (!format.ok) return format;
      if (format.value === 'plain') return readPlainContents(file);
      const outcome = await tool(format.value);
      return outcome.ok
        ? readArchiveContents({ file, format: format.value, place, tool: outcome.value })
        : outcome;
    },
    readContent,
    takeDatabase,
    describeRestore: (what) => {
      const program = programFor(what.format);
      const path = known.get(program)?.path ?? program;
      return what.format === 'plain'
        ? `${place.describe(path, plainRestoreArguments(what.database))} < ${shellWord(what.file)}`
        : place.describe(path, [...restoreArguments(what), what.file]);
    },
    restore: async (what): Promise<Outcome<RestoreReport>> => {
      if (!target.ok) return fail(target.failure);
      const format = await findDumpFormat(what.file);
      if (!format.ok) return format;
      const outcome = await tool(format.value);
      if (!outcome.ok) return outcome;
      const context: ServerContext = { target: target.value, open: new Set(), route };
      const restore = { ...what, format: format.value, place, tool: outcome.value, context };
      return format.value === 'plain' ? restorePlain(restore) : runRestore(restore);
    },
    dumpToolVersion: async (serverMajor) => {
      const outcome = await place.findDumper('pg_dump', serverMajor);
      return outcome.ok ? succeed(outcome.value.version) : outcome;
    },
    describeDump: (what) => place.describe('pg_dump', dumpArguments(what)),
    dump: async (what) => {
      if (!target.ok) return fail(target.failure);
      const outcome = await place.findDumper('pg_dump', what.serverMajor);
      if (!outcome.ok) return outcome;
      return succeed(streamDump({ ...what, place, tool: outcome.value, target: target.value }));
    },
    dumpGlobals: async (what) => {
      if (!target.ok) return fail(target.failure);
      const outcome = await place.findDumper('pg_dumpall', what.serverMajor);
      if (!outcome.ok) return outcome;
      return readGlobals({ ...what, place, tool: outcome.value, target: target.value });
    },
  };
}

type DumpProgram = 'pg_restore' | 'psql';

/** Looked for once; a failure is not kept, since the operator may install the tool and try again. */
function keepTools(place: ProgramPlace) {
  const known = new Map<DumpProgram, RestoreTool>();
  const tool = async (format: DumpFormat | undefined): Promise<Outcome<RestoreTool>> => {
    const name = programFor(format);
    const found = known.get(name);
    if (found !== undefined) return succeed(found);
    const outcome = await place.find(name);
    if (outcome.ok) known.set(name, outcome.value);
    return outcome;
  };
  return { known, tool };
}

function programFor(format: DumpFormat | undefined): DumpProgram {
  return format === 'plain' ? 'psql' : 'pg_restore';
}

type Restore = RestoreRequest & {
  readonly format: DumpFormat;
  readonly place: ProgramPlace;
  readonly tool: RestoreTool;
  readonly context: ServerContext;
};

async function runRestore(request: Restore): Promise<Outcome<RestoreReport>> {
  const watch = await watchRestore(request.context, request);
  if (!watch.ok) return watch;
  const report = await (request.searchPath === undefined
    ? runPart(request, watch.value)
    : runWithSearchPath(request, { ...watch.value, searchPath: request.searchPath }));
  const cut = await watch.value.end();
  return cut === undefined ? report : fail(cut);
}

type Watch = Pick<RestoreWatch, 'settings' | 'signal'>;

/** What a section of pg_dump is: first everything that is made without looking at a row, then all that does. */
async function runWithSearchPath(
  request: Restore,
  { searchPath, ...watch }: Watch & { readonly searchPath: readonly string[] },
): Promise<Outcome<RestoreReport>> {
  const { database, context } = request;
  const before = await runPart(request, { ...watch, sections: ['pre-data'] });
  if (!before.ok) return before;
  const lent = await lendSearchPath(context, { database, searchPath });
  if (!lent.ok) return lent;
  const after = await runPart(request, {
    ...watch,
    sections: ['data', 'post-data'],
    entriesBefore: before.value.entriesDone,
  });
  if (!after.ok) return after;
  const back = await lent.value();
  if (!back.ok) return back;
  return succeed({
    messages: [...before.value.messages, ...after.value.messages],
    exitCode: Math.max(before.value.exitCode, after.value.exitCode),
    entriesDone: before.value.entriesDone + after.value.entriesDone,
  });
}

async function runPart(
  request: Restore,
  part: Watch & { readonly sections?: readonly string[]; readonly entriesBefore?: number },
): Promise<Outcome<RestoreReport>> {
  const { context } = request;
  const { settings, signal, sections = [], entriesBefore = 0 } = part;
  const reader = createRestoreOutputReader();
  let entriesDone = 0;
  const run = await request.place.run({
    program: request.tool.path,
    args: [...sections.map((name) => `--section=${name}`), ...restoreArguments(request)],
    file: request.file,
    env: connectionEnvironment(context.target, { application: restoreApplication, settings }),
    stallMs: request.stallMs,
    stillWorking: createActivityProbe(context, request.database),
    signal,
    onLine: (line) => {
      reader.take(line);
      request.onLine(line);
      if (reader.entriesDone() === entriesDone) return;
      entriesDone = reader.entriesDone();
      request.onEntry(entriesBefore + entriesDone);
    },
  });
  if (!run.ok) return fail(explain(run.failure, request));
  const { exitCode } = run.value;
  return succeed({ messages: reader.messages(exitCode), exitCode, entriesDone });
}

function restoreArguments(
  request: Pick<RestoreRequest, 'database' | 'jobs' | 'inOnePlace'> & {
    readonly format?: DumpFormat | undefined;
  },
): readonly string[] {
  // Nobody can seek for the next table in pg_dump's tar: only one job can read it.
  const jobs = request.format === 'tar' ? 1 : Math.max(1, Math.trunc(request.jobs));
  return [
    '--no-owner',
    '--no-privileges',
    ...(request.inOnePlace === true ? ['--no-tablespaces'] : []),
    // Both need an administrator; a subscription would contact its publisher, too.
    '--no-security-labels',
    '--no-subscriptions',
    '--verbose',
    // It must never wait for somebody to type a password.
    '--no-password',
    '--jobs',
    String(jobs),
    '--dbname',
    databaseArgument(request.database),
  ];
}

function explain(failure: Failure, request: Restore): Failure {
  const message = `The restore of ${request.file} into ${request.database} does not end: ${failure.message}`;
  return { ...failure, message };
}

const headBytes = 512;

/** By the content. What is none of the formats counts as custom: pg_restore then says what is wrong with it. */
async function findDumpFormat(file: string): Promise<Outcome<DumpFormat>> {
  try {
    if ((await stat(file)).isDirectory()) return succeed('directory');
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return succeed(formatOf(buffer.subarray(0, bytesRead)));
    } finally {
      await handle.close();
    }
  } catch (error) {
    const failure = describeFileFailure({ doing: `read the dump ${file}`, error });
    if (failure.code !== 'not-found') return fail(failure);
    return fail({
      code: 'not-found',
      message: `There is no file ${file} to read an archive from.`,
      remedy: 'Run the step that makes this file again.',
      retry: 'after-fix',
    });
  }
}

function formatOf(head: Buffer): DumpFormat {
  if (head.subarray(0, 5).toString('latin1') === 'PGDMP') return 'custom';
  if (head.subarray(257, 262).toString('latin1') === 'ustar') return 'tar';
  return /^(\uFEFF)?--\s*\n-- PostgreSQL database dump\b/.test(head.toString('utf8')) ? 'plain' : 'custom';
}
