import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { Secret } from '../../base/secret.ts';
import type { ArchiveContents, DumpTools, RestoreReport, RestoreRequest } from '../../ports/dump-tools.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import { readArchiveContents } from './archive-contents.ts';
import { type ConnectionTarget, readConnectionTarget } from './connection-target.ts';
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

  return {
    restoreToolVersion: async () => {
      const outcome = await tool();
      return outcome.ok ? succeed(outcome.value.version) : outcome;
    },
    contents: async (file): Promise<Outcome<ArchiveContents>> => {
      const outcome = await tool();
      return outcome.ok ? readArchiveContents({ file, processes, tool: outcome.value }) : outcome;
    },
    describeRestore: (what) => [found?.path ?? 'pg_restore', ...restoreArguments(what)].map(shown).join(' '),
    restore: async (what): Promise<Outcome<RestoreReport>> => {
      if (!target.ok) return fail(target.failure);
      const outcome = await tool();
      return outcome.ok
        ? runRestore({ ...what, processes, tool: outcome.value, target: target.value })
        : outcome;
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
    env: connectionEnvironment(request.target),
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

/** A name with an equals sign or a scheme would be read as a whole connection string, host and all. */
function databaseArgument(name: string): string {
  if (/^[\w.-]+$/.test(name)) return name;
  return `dbname='${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** The password travels in the child's environment, which only this user and root can read, never in its arguments. */
function connectionEnvironment(target: ConnectionTarget): Record<string, string> {
  return {
    PGHOST: target.host,
    PGPORT: String(target.port),
    PGUSER: target.user,
    ...(target.password === undefined ? {} : { PGPASSWORD: target.password.reveal() }),
    PGSSLMODE: target.sslMode,
    ...(target.sslRootCertificateFile === undefined ? {} : { PGSSLROOTCERT: target.sslRootCertificateFile }),
    PGCONNECT_TIMEOUT: '10',
    PGAPPNAME: restoreApplication,
    // Its messages are read by a program.
    LC_ALL: 'C',
  };
}

function explain(failure: Failure, request: Restore): Failure {
  const message = `The restore of ${request.file} into ${request.database} does not end: ${failure.message}`;
  return { ...failure, message };
}

function shown(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
