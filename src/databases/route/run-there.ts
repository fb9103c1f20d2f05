import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { type RetryPolicy, retry } from '../../platform/retry.ts';
import type { Container } from '../../ports/container.ts';
import type { RoutedProgram } from '../../ports/database-route.ts';
import type { ProcessResult } from '../../ports/process-runner.ts';
import { begunMark, endedMark, programScript, type ScriptInput, scriptExits } from './container-scripts.ts';
import { openFolderStream } from './folder-stream.ts';

const chunkBytes = 1024 * 1024;

/** The way into a container may be blocked for a moment: an API server that is busy, a node that is just being asked for. */
const secondTry: RetryPolicy = { mostAttempts: 2, firstPauseMs: 1_000, longestPauseMs: 1_000 };

/**
 * Runs a program in the container; its exit status is the one the container itself has told. Where nothing had begun it is tried a
 * second time, unless its input is gone by then.
 */
export async function runThere(
  container: Container,
  request: RoutedProgram,
): Promise<Outcome<ProcessResult>> {
  let begun = false;
  return retry({
    doing: `run ${request.program} in the ${container.address}`,
    act: async () => {
      const tried = await tryThere(container, request);
      begun = tried.begun;
      return tried.end;
    },
    policy: secondTry,
    isWorthAnother: ({ code }) => !begun && code === 'unreachable' && request.inputFrom === undefined,
    signal: request.signal,
  });
}

type Try = { readonly begun: boolean; readonly end: Outcome<ProcessResult> };

async function tryThere(container: Container, request: RoutedProgram): Promise<Try> {
  const { program, args, env = {}, file: _file, only: _only, inputFrom: _from, onLine, ...limits } = request;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const broken = variables.find((line) => /[\n\0]/.test(line));
  if (broken !== undefined) throw new Error('Broken promise: no variable of ours holds a newline');
  const sent = await openInput(request);
  // What cannot be read here is not there a second time.
  if (!sent.ok) return { begun: true, end: sent };
  const ended = new AbortController();
  const input = Readable.from(sendInput({ variables, sent: sent.value, ended: ended.signal }), {
    objectMode: false,
  });
  input.on('error', () => {});
  const marks = createMarkReader(onLine);
  const script = ['sh', '-c', programScript, 'thaw', String(variables.length), sent.value.announced];
  const ran = await container.exec({
    ...limits,
    args: [...script, program, ...args],
    inputFrom: input,
    onLine: marks.take,
  });
  ended.abort();
  input.destroy();
  const { begun, exitCode } = marks.told();
  // Without the client there is no way in at all.
  if (!ran.ok) return { begun: true, end: ran };
  if (!begun) return { begun, end: fail(await container.explain(ran.value)) };
  return { begun, end: judgeEnd(ran.value, { exitCode, program, container }) };
}

function judgeEnd(
  result: ProcessResult,
  told: {
    readonly exitCode: number | undefined;
    readonly program: string;
    readonly container: Container;
  },
): Outcome<ProcessResult> {
  const { exitCode, program, container } = told;
  if (exitCode === undefined) return fail(neverEnded(result, { program, container }));
  if (exitCode === 127) return fail(noProgram(program, container.address));
  // The program is done, but the client says that something came between: its last bytes may be missing.
  if (exitCode === 0 && result.exitCode !== 0) return fail(neverEnded(result, { program, container }));
  return succeed({ ...result, exitCode, stderr: betweenMarks(result.stderr) });
}

type Sent = {
  readonly announced: ScriptInput;
  /** What follows the variables, to its end. */
  read(): AsyncIterable<unknown>;
  /** The program reads it as it comes, so its end has to come, too. */
  readonly ends: boolean;
};

async function openInput({ file, only, inputFrom }: RoutedProgram): Promise<Outcome<Sent>> {
  if (file === undefined) {
    return succeed(
      inputFrom === undefined
        ? { announced: 'none', read: nothing, ends: false }
        : { announced: 'streamed', read: () => inputFrom, ends: true },
    );
  }
  try {
    const stats = await stat(file);
    if (stats.isFile()) {
      const read = () => createReadStream(file, { highWaterMark: chunkBytes });
      return succeed({ announced: `file:${stats.size}`, read, ends: false });
    }
    const folder = await openFolderStream({ folder: file, only });
    return succeed({ announced: `folder:${folder.sizeBytes}`, read: folder.chunks, ends: false });
  } catch (error) {
    return fail(describeFileFailure({ doing: `read ${file}`, error }));
  }
}

async function* nothing(): AsyncGenerator<never> {}

/** What is not read ends in silence: an end would tell the script that nobody waits for its program any more. */
async function* sendInput(input: {
  readonly variables: readonly string[];
  readonly sent: Sent;
  readonly ended: AbortSignal;
}): AsyncGenerator<Buffer> {
  for (const line of input.variables) yield Buffer.from(`${line}\n`);
  for await (const chunk of input.sent.read()) yield chunk as Buffer;
  if (input.sent.ends || input.ended.aborted) return;
  await new Promise((resolve) => input.ended.addEventListener('abort', resolve, { once: true }));
}

/** What comes on standard error before the first mark and after the last is the client's own. */
function createMarkReader(onLine: RoutedProgram['onLine']) {
  let begun = false;
  let exitCode: number | undefined;
  return {
    told: () => ({ begun, exitCode }),
    take(line: string, stream: 'stdout' | 'stderr') {
      if (stream === 'stdout') return onLine?.(line, stream);
      if (!begun) {
        begun = line === begunMark;
        return;
      }
      if (exitCode !== undefined) return;
      const [said, status] = splitAtEnd(line);
      exitCode = status;
      // A program whose last line has no end shares it with the mark.
      if (status === undefined || said !== '') onLine?.(said, stream);
    },
  };
}

function splitAtEnd(line: string): readonly [string, number | undefined] {
  const at = line.lastIndexOf(endedMark);
  const status = at < 0 ? '' : line.slice(at + endedMark.length);
  return /^\d+$/.test(status) ? [line.slice(0, at), Number(status)] : [line, undefined];
}

function betweenMarks(stderr: string): string {
  const begin = stderr.indexOf(`${begunMark}\n`);
  const own = begin < 0 ? stderr : stderr.slice(begin + begunMark.length + 1);
  const end = own.lastIndexOf(endedMark);
  return end < 0 ? own : own.slice(0, end);
}

function noProgram(program: string, address: string): Failure {
  return {
    code: 'tool-missing',
    message: `There is no ${program} in the ${address}.`,
    remedy: 'Name the container that holds the PostgreSQL programs in the runbook, under `via`.',
    retry: 'after-fix',
  };
}

/** Without the word of the container nobody knows what its program did: an exit status of the client is no proof. */
function neverEnded(
  result: ProcessResult,
  { program, container }: { readonly program: string; readonly container: Container },
): Failure {
  const detail = result.stderr.trim().split('\n').slice(-6).join('\n');
  const { address } = container;
  const why = scriptExits[result.exitCode];
  if (why === 'no tar')
    return {
      code: 'tool-missing',
      message: `There is no tar in the ${address}, and the dump is a directory of pg_dump.`,
      remedy: 'Choose a dump in custom format, or restore where the database has a port.',
      retry: 'after-fix',
    };
  if (why !== undefined)
    return {
      code: 'out-of-space',
      message: `The ${address} cannot hold the file that ${program} is to read: ${why === 'file is short' ? 'not all of it arrives' : 'no temporary file can be made there'}.`,
      remedy:
        'Make room in the folder for temporary files of that container (TMPDIR, or /tmp), then try again.',
      retry: 'after-fix',
      detail,
    };
  return {
    code: 'unreachable',
    message: `The connection to the ${address} is lost while ${program} runs there: how it ended is not known.`,
    remedy: 'Check that the container still runs and that the way to it holds, then try again.',
    retry: 'safe',
    detail,
  };
}
