import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { RestoreMessage, RestoreReport, RestoreRequest } from '../../ports/dump-tools.ts';
import { connectionEnvironment, databaseArgument } from './connection-environment.ts';
import type { PostgresTool } from './find-tool.ts';
import { judgePlainDump } from './plain-contents.ts';
import { createPlainDumpReader, type PlainDumpReader } from './plain-dump-reader.ts';
import type { ProgramPlace } from './program-place.ts';
import { createActivityProbe, restoreApplication } from './restore-activity.ts';
import { bareEnvironment, hostileDump, isHostile, restriction } from './restrict-psql.ts';
import type { ServerContext } from './session.ts';
import { watchRestore } from './watch-restore.ts';

const chunkBytes = 1024 * 1024;

/** Without the operator's own ~/.psqlrc, and stopped by the first error: half a dump is no dump. */
export function plainRestoreArguments(database: string): readonly string[] {
  return [
    '--no-psqlrc',
    '--quiet',
    // It must never wait for somebody to type a password.
    '--no-password',
    '--set=ON_ERROR_STOP=1',
    // Errors carry their SQLSTATE.
    '--set=VERBOSITY=verbose',
    '--output=/dev/null',
    '--file=-',
    '--dbname',
    databaseArgument(database),
  ];
}

export async function restorePlain(
  request: RestoreRequest & {
    readonly place: ProgramPlace;
    readonly tool: PostgresTool;
    readonly context: ServerContext;
  },
): Promise<Outcome<RestoreReport>> {
  const { file, database, place, tool, context } = request;
  const watch = await watchRestore(context, request);
  if (!watch.ok) return watch;
  const { settings, signal } = watch.value;
  const reader = createPlainDumpReader(request);
  const said = createPsqlReader();
  const source = Readable.from(readStatements(request, reader), { objectMode: false });
  const run = await place.run({
    program: tool.path,
    args: plainRestoreArguments(database),
    env: {
      ...bareEnvironment({ isHere: context.route === undefined }),
      ...connectionEnvironment(context.target, { application: restoreApplication, settings }),
    },
    inputFrom: source,
    stallMs: request.stallMs,
    stillWorking: createActivityProbe(context, database),
    signal,
    onLine: (line, stream) => {
      if (stream === 'stderr') said.take(line);
      request.onLine(line);
    },
  });
  const cut = await watch.value.end();
  const broken = source.errored;
  source.destroy();
  if (cut !== undefined) return fail(cut);
  if (!run.ok) {
    const message = `The restore of ${file} into ${database} does not end: ${run.failure.message}`;
    return fail({ ...run.failure, message });
  }
  const { exitCode } = run.value;
  const hostile = said.hostile();
  if (hostile !== undefined)
    return fail(hostileDump(file, `psql met a command for itself in it (${hostile})`));
  if (exitCode === 0) {
    // psql takes any end of its input for the end of the dump: only the dump itself can tell that it was whole.
    if (broken !== null) throw broken;
    const whole = judgePlainDump(file, reader.findings());
    if (!whole.ok) return whole;
  }
  return succeed({ messages: said.messages(exitCode), exitCode, entriesDone: reader.entriesDone() });
}

async function* readStatements(request: RestoreRequest, reader: PlainDumpReader): AsyncGenerator<Buffer> {
  let done = 0;
  yield restriction();
  for await (const chunk of createReadStream(request.file, { highWaterMark: chunkBytes })) {
    const statements = reader.take(chunk as Buffer);
    // Nothing of a piece that holds something forbidden is handed on.
    if (reader.findings().refused !== undefined) return;
    if (statements.length > 0) yield statements;
    if (reader.entriesDone() === done) continue;
    done = reader.entriesDone();
    request.onEntry(done);
  }
  const rest = reader.end();
  if (rest.length > 0 && reader.findings().refused === undefined) yield rest;
}

/** `psql:<stdin>:12: ERROR:  42704: role "app" does not exist`, and lines that belong to it. */
function createPsqlReader() {
  const errors: { text: string; command?: string }[] = [];
  let lastLine = '';
  return {
    take(line: string): void {
      if (line.trim() !== '') lastLine = line;
      const error = /^psql:.*?:\d+: (?:ERROR|FATAL|PANIC|error): +(.*)$/.exec(line);
      if (error?.[1] !== undefined) errors.push({ text: error[1] });
      const statement = /^(?:STATEMENT|CONTEXT): +(.*)$/.exec(line);
      const current = errors.at(-1);
      if (statement?.[1] !== undefined && current !== undefined) current.command ??= statement[1];
    },
    hostile: () => errors.find(({ text }) => isHostile(text))?.text,
    messages(exitCode: number): readonly RestoreMessage[] {
      if (exitCode !== 0 && errors.length === 0)
        errors.push({ text: `psql ends with status ${exitCode}: ${lastLine}` });
      return errors.map((error) => ({ weight: 'fatal', ...error }));
    },
  };
}
