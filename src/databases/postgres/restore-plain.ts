import { Readable } from 'node:stream';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { RestoreMessage, RestoreReport, RestoreRequest } from '../../ports/dump-tools.ts';
import { connectionEnvironment, databaseArgument } from './connection-environment.ts';
import type { PostgresTool } from './find-tool.ts';
import { classifyRestoreError } from './pg-restore-output.ts';
import { judgePlainDump } from './plain-contents.ts';
import { createPlainFeed, type PlainFeed } from './plain-feed.ts';
import type { ProgramPlace } from './program-place.ts';
import { createActivityProbe, restoreApplication } from './restore-activity.ts';
import { bareEnvironment, hostileDump, isHostile } from './restrict-psql.ts';
import { saySetting } from './say-rights.ts';
import { type ServerContext, withSession } from './session.ts';
import { type RestoreWatch, watchRestore } from './watch-restore.ts';

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

/** A dump with more of them is not what it seems. */
const mostMessages = 1_000;

type Restore = RestoreRequest & {
  readonly place: ProgramPlace;
  readonly tool: PostgresTool;
  readonly context: ServerContext;
};

type Ended = { readonly exitCode: number; readonly messages: readonly RestoreMessage[] };

export async function restorePlain(request: Restore): Promise<Outcome<RestoreReport>> {
  const { file, database, context } = request;
  const watch = await watchRestore(context, request);
  if (!watch.ok) return watch;
  const feed = createPlainFeed(request);
  const done = await runToEnd(request, { ...watch.value, feed });
  const analyzed =
    done.ok && done.value.exitCode === 0 ? await analyzeWithPath(context, request) : succeed(undefined);
  const ran = analyzed.ok ? done : analyzed;
  const cut = await watch.value.end();
  if (cut !== undefined) return fail(cut);
  if (!ran.ok) {
    const isOurs = ran.failure.code === 'hostile';
    const message = `The restore of ${file} into ${database} does not end: ${ran.failure.message}`;
    return isOurs ? ran : fail({ ...ran.failure, message });
  }
  if (ran.value.exitCode === 0) {
    // psql takes any end of its input for the end of the dump: only the dump itself can tell that it was whole.
    const whole = judgePlainDump(file, feed.reader.findings());
    if (!whole.ok) return whole;
  }
  return succeed({ ...ran.value, entriesDone: feed.reader.entriesDone() });
}

async function analyzeWithPath(
  context: ServerContext,
  { database, searchPath }: Pick<RestoreRequest, 'database' | 'searchPath'>,
): Promise<Outcome<void>> {
  if (searchPath === undefined) return succeed(undefined);
  return withSession(context, {
    database,
    doing: `analyze database ${database}`,
    limitMs: 0,
    work: async (session) => {
      await session.rows(`SET ${saySetting('search_path', searchPath)}`);
      await session.rows('ANALYZE');
      return succeed(undefined);
    },
  });
}

/** Behind a statement that the server refused for no bad reason it goes on, with another psql. */
async function runToEnd(
  request: Restore,
  { feed, ...watch }: Pick<RestoreWatch, 'settings' | 'signal'> & { readonly feed: PlainFeed },
): Promise<Outcome<Ended>> {
  const messages: RestoreMessage[] = [];
  for (let line = 0; ; ) {
    const { input, lineOf } = feed.behind(line);
    const ran = await runPsql(request, { ...watch, input });
    if (!ran.ok) return ran;
    const { exitCode, error, lastLine } = ran.value;
    if (exitCode === 0) return succeed({ exitCode, messages });
    if (error === undefined) {
      messages.push({ weight: 'fatal', text: `psql ends with status ${exitCode}: ${lastLine}` });
      return succeed({ exitCode, messages });
    }
    const at = lineOf(error.line);
    // One of the settings that were said again: it was in force before.
    const message = judgeError(error, at > line ? feed.statementAt(at) : undefined);
    line = at;
    messages.push(message);
    if (message.weight === 'fatal') return succeed({ exitCode, messages });
    if (messages.length === mostMessages) {
      messages.push({
        weight: 'fatal',
        text: `psql reports ${mostMessages} errors and has not come to the end`,
      });
      return succeed({ exitCode, messages });
    }
  }
}

type PsqlError = { readonly line: number; text: string; readonly isOfServer: boolean };

/** Rows behind a COPY that was refused would be taken for statements. */
function judgeError({ text, isOfServer }: PsqlError, command: string | undefined): RestoreMessage {
  const isWhole = command?.endsWith(';') === true && !/^COPY\b/i.test(command);
  const message = classifyRestoreError({ text, ...(command === undefined ? {} : { command }) });
  return isOfServer && isWhole ? message : { ...message, weight: 'fatal' };
}

async function runPsql(
  request: Restore,
  run: Pick<RestoreWatch, 'settings' | 'signal'> & { readonly input: AsyncGenerator<Buffer> },
): Promise<Outcome<{ readonly exitCode: number; readonly error?: PsqlError; readonly lastLine: string }>> {
  const { file, database, place, tool, context } = request;
  const errors: PsqlError[] = [];
  let lastLine = '';
  const source = Readable.from(run.input, { objectMode: false });
  const ended = await place.run({
    program: tool.path,
    args: plainRestoreArguments(database),
    env: {
      ...bareEnvironment({ isHere: context.route === undefined }),
      ...connectionEnvironment(context.target, {
        application: restoreApplication,
        settings: run.settings,
      }),
    },
    inputFrom: source,
    stallMs: request.stallMs,
    stillWorking: createActivityProbe(context, database),
    signal: run.signal,
    onLine: (line, stream) => {
      request.onLine(line);
      if (stream !== 'stderr' || line.trim() === '') return;
      lastLine = line;
      // `psql:<stdin>:12: ERROR:  42704: role "app" does not exist`
      const [, at, severity, text] = /^psql:.*?:(\d+): (ERROR|FATAL|PANIC|error): +(.*)$/.exec(line) ?? [];
      const last = errors.at(-1);
      if (text !== undefined) errors.push({ line: Number(at), text, isOfServer: severity === 'ERROR' });
      else if (last !== undefined && line.startsWith('CONTEXT:')) last.text += `\n${line}`;
    },
  });
  const broken = source.errored;
  source.destroy();
  if (!ended.ok) return ended;
  const { exitCode } = ended.value;
  const hostile = errors.find(({ text }) => isHostile(text));
  if (hostile !== undefined)
    return fail(hostileDump(file, `psql met a command for itself in it (${hostile.text})`));
  if (exitCode === 0 && broken !== null) throw broken;
  const error = errors.at(-1);
  return succeed({ exitCode, lastLine, ...(error === undefined ? {} : { error }) });
}
