import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { Secret } from '../../base/secret.ts';
import type { ArchiveContents, DumpTools, RestoreReport, RestoreRequest } from '../../ports/dump-tools.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { readArchiveContents } from './archive-contents.ts';
import { connectionEnvironment, databaseArgument, shownArgument } from './connection-environment.ts';
import { type ConnectionTarget, readConnectionTarget } from './connection-target.ts';
import { dumpArguments, findDumpTool, readGlobals, streamDump } from './dump-database.ts';
import { findRestoreTool, type RestoreTool } from './find-restore-tool.ts';
import { createRestoreOutputReader } from './pg-restore-output.ts';
import { createActivityProbe, restoreApplication } from './restore-activity.ts';
import type { ServerContext } from './session.ts';

export function openDumpTools(request: {
  readonly url: Secret;
  readonly processes: ProcessRunner;
}): DumpTools {
  const { processes } = request;
  const target = readConnectionTarget(request.url);
  let found: RestoreTool | undefined;
  /** Looked for once; a failure is not kept, since the operator may install the tool and try again. */
  const tool = async (): Promise<Outcome<RestoreTool>> => {
    if (found !== undefined) return succeed(found);
    const outcome = await findRestoreTool({ processes, searchPath: process.env.PATH ?? '' });
    if (outcome.ok) found = outcome.value;
    return outcome;
  };

  const dumpTool = (name: 'pg_dump' | 'pg_dumpall', serverMajor: number) =>
    findDumpTool({ name, serverMajor, processes, searchPath: process.env.PATH ?? '' });

  return {
    restoreToolVersion: async () => {
      const outcome = await tool();
      return outcome.ok ? succeed(outcome.value.version) : outcome;
    },
    contents: async (file): Promise<Outcome<ArchiveContents>> => {
      const outcome = await tool();
      return outcome.ok ? readArchiveContents({ file, processes, tool: outcome.value }) : outcome;
    },
    describeRestore: (what) =>
      [found?.path ?? 'pg_restore', ...restoreArguments(what)].map(shownArgument).join(' '),
    restore: async (what): Promise<Outcome<RestoreReport>> => {
      if (!target.ok) return fail(target.failure);
      const outcome = await tool();
      return outcome.ok
        ? runRestore({ ...what, processes, tool: outcome.value, target: target.value })
        : outcome;
    },
    dumpToolVersion: async (serverMajor) => {
      const outcome = await dumpTool('pg_dump', serverMajor);
      return outcome.ok ? succeed(outcome.value.version) : outcome;
    },
    describeDump: (what) => ['pg_dump', ...dumpArguments(what)].map(shownArgument).join(' '),
    dump: async (what) => {
      if (!target.ok) return fail(target.failure);
      const outcome = await dumpTool('pg_dump', what.serverMajor);
      if (!outcome.ok) return outcome;
      return succeed(streamDump({ ...what, processes, tool: outcome.value, target: target.value }));
    },
    dumpGlobals: async (what) => {
      if (!target.ok) return fail(target.failure);
      const outcome = await dumpTool('pg_dumpall', what.serverMajor);
      if (!outcome.ok) return outcome;
      return readGlobals({ ...what, processes, tool: outcome.value, target: target.value });
    },
  };
}

type Restore = RestoreRequest & {
  readonly processes: ProcessRunner;
  readonly tool: RestoreTool;
  readonly target: ConnectionTarget;
};

async function runRestore(request: Restore): Promise<Outcome<RestoreReport>> {
  const reader = createRestoreOutputReader();
  let entriesDone = 0;
  const context: ServerContext = { target: request.target, open: new Set() };
  const run = await request.processes.run({
    program: request.tool.path,
    args: restoreArguments(request),
    env: connectionEnvironment(request.target, restoreApplication),
    stallMs: request.stallMs,
    stillWorking: createActivityProbe(context, request.database),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    onLine: (line) => {
      reader.take(line);
      request.onLine(line);
      if (reader.entriesDone() === entriesDone) return;
      entriesDone = reader.entriesDone();
      request.onEntry(entriesDone);
    },
  });
  if (!run.ok) return fail(explain(run.failure, request));
  const { exitCode } = run.value;
  return succeed({ messages: reader.messages(exitCode), exitCode, entriesDone: reader.entriesDone() });
}

function restoreArguments(request: Pick<RestoreRequest, 'file' | 'database' | 'jobs'>): readonly string[] {
  return [
    '--no-owner',
    '--no-privileges',
    '--verbose',
    // It must never wait for somebody to type a password.
    '--no-password',
    '--jobs',
    String(Math.max(1, Math.trunc(request.jobs))),
    '--dbname',
    databaseArgument(request.database),
    request.file.startsWith('-') ? `./${request.file}` : request.file,
  ];
}

function explain(failure: Failure, request: Restore): Failure {
  const message = `The restore of ${request.file} into ${request.database} does not end: ${failure.message}`;
  return { ...failure, message };
}
