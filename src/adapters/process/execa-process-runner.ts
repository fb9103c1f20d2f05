import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { execa, type Options } from 'execa';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { shellLine } from '../../base/quoting.ts';
import { cleanEnvironment } from '../../platform/clean-environment.ts';
import { createGroupKiller } from '../../platform/kill-group.ts';
import { watchForStall } from '../../platform/stall-watch.ts';
import { traced } from '../../platform/trace.ts';
import type { ProcessRequest, ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';
import { type OutputTail, readOutput } from './output-reader.ts';
import { cancelledProgram, killedProgram, stalledProgram, startFailure } from './process-failure.ts';

/** A daemon the child left behind may hold its streams open for ever; its own words are out by then. */
const lingeringStreamsMs = 1_000;

export function createProcessRunner(): ProcessRunner {
  return {
    run: (request) =>
      traced(
        {
          kind: 'program',
          text: () => shellLine([request.program, ...request.args]),
          outcome: (ended) => (ended.ok ? `exit ${ended.value.exitCode}` : ended.failure.code),
        },
        () => runProcess(request),
      ),
  };
}

function spawnOptions(request: ProcessRequest) {
  return {
    env: cleanEnvironment(process.env, request.env),
    extendEnv: false,
    ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
    // Its own session: neither Ctrl+C nor a lost terminal reaches it.
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    encoding: 'buffer',
    stdio: [
      'pipe',
      'pipe',
      'pipe',
      ...(request.secretInput === undefined ? [] : [[Buffer.from(request.secretInput.reveal())] as const]),
    ],
  } as const satisfies Options;
}

async function runProcess(request: ProcessRequest): Promise<Outcome<ProcessResult>> {
  const { program, signal } = request;
  if (signal?.aborted) return fail(cancelledProgram(program));
  const subprocess = execa(program, [...request.args], spawnOptions(request));
  const child = subprocess.nodeChildProcess;
  const processGroup = child.pid;
  if (processGroup === undefined) {
    const result = await subprocess;
    return fail(couldNotStart(request, 'cause' in result ? result.cause : undefined));
  }

  let stopped: 'cancelled' | 'stalled' | undefined;
  const killer = createGroupKiller(processGroup);
  const stop = (why: 'cancelled' | 'stalled') => {
    stopped ??= why;
    killer.kill();
  };
  const { stillWorking } = request;
  const stallMs = request.stallMs === 'endless' ? undefined : request.stallMs;
  const watch = watchForStall({
    stallMs,
    stillWorking: stillWorking === undefined ? undefined : () => stillWorking(processGroup),
    onStall: () => stop('stalled'),
  });
  const onAbort = () => stop('cancelled');
  signal?.addEventListener('abort', onAbort, { once: true });

  feed({ request, stdin: subprocess.stdin, sawLife: watch.sawLife });
  const streams = listen({ request, stdout: subprocess.stdout, stderr: subprocess.stderr }, watch.sawLife);
  // Whoever reads the bytes has gone away: there is no use in going on.
  request.outputTo?.once('close', () => {
    if (child.exitCode === null && child.signalCode === null) stop('cancelled');
  });

  const { exitCode, signalName } = await ended(child);
  watch.end();
  signal?.removeEventListener('abort', onAbort);
  killer.leaderEnded();
  await streams.drained();
  subprocess.stdout.destroy();
  subprocess.stderr.destroy();
  const { stdout, stderr } = streams.finish();

  if (stopped === 'cancelled') return fail(cancelledProgram(program));
  if (stopped === 'stalled')
    return fail(stalledProgram({ program, stallMs: stallMs ?? 0, detail: lastLines(stderr || stdout) }));
  if (signalName !== null)
    return fail(killedProgram({ program, signalName, detail: lastLines(stderr || stdout) }));
  return succeed({ exitCode: exitCode ?? 1, stdout, stderr });
}

function couldNotStart(request: ProcessRequest, cause: unknown): Failure {
  const error = cause instanceof Error ? cause : new Error('the program did not start');
  const { program, cwd } = request;
  return startFailure({ program, cwd, cwdExists: cwd === undefined || existsSync(cwd), error });
}

/** A program may end without reading all its input (EPIPE): its exit status says whether that is bad. */
function feed(parts: {
  readonly request: ProcessRequest;
  readonly stdin: Writable;
  readonly sawLife: () => void;
}): void {
  const { request, stdin, sawLife } = parts;
  stdin.on('error', () => {});
  if (request.inputFrom === undefined) {
    stdin.end(request.input ?? '');
    return;
  }
  pour({ source: request.inputFrom, stdin, sawLife }).catch(() => stdin.destroy());
}

/**
 * Not by `pipeline`, which would end the source with the broken pipe of a program that was killed: whoever reads along would take that for
 * a fault of the source. Here the source is only given up.
 */
async function pour(parts: {
  readonly source: Readable;
  readonly stdin: Writable;
  readonly sawLife: () => void;
}): Promise<void> {
  const { source, stdin, sawLife } = parts;
  const closed = new Promise<void>((resolve) => stdin.once('close', resolve));
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    if (stdin.destroyed) return void source.destroy();
    sawLife();
    if (stdin.write(chunk)) continue;
    await Promise.race([closed, new Promise<void>((resolve) => stdin.once('drain', resolve))]);
  }
  stdin.end();
}

function listen(
  parts: { readonly request: ProcessRequest; readonly stdout: Readable; readonly stderr: Readable },
  sawLife: () => void,
) {
  const { request, stdout, stderr } = parts;
  const tail = (stream: Readable, name: 'stdout' | 'stderr'): OutputTail =>
    readOutput(stream, (line) => request.onLine?.(line, name));
  for (const stream of [stdout, stderr]) stream.on('data', sawLife);

  const errors = tail(stderr, 'stderr');
  const { outputTo } = request;
  let output: OutputTail | undefined;
  let bytesHandedOn: Promise<void> = Promise.resolve();
  if (outputTo === undefined) output = tail(stdout, 'stdout');
  else bytesHandedOn = pipeline(stdout, outputTo, { end: false }).catch(() => {});
  const closed = Promise.all([whenClosed(stdout), whenClosed(stderr)]);
  return {
    drained: async () => {
      // A slow reader of the bytes has all the time it needs: cutting it short would lose data in silence.
      await bytesHandedOn;
      await new Promise<void>((resolve) => {
        const watch = watchForStall({ stallMs: lingeringStreamsMs, onStall: resolve });
        for (const stream of [stdout, stderr]) stream.on('data', watch.sawLife);
        void closed.then(() => {
          watch.end();
          resolve();
        });
      });
    },
    finish: () => {
      errors.end();
      output?.end();
      return { stdout: output?.text() ?? '', stderr: errors.text() };
    },
  };
}

type Ending = { readonly exitCode: number | null; readonly signalName: NodeJS.Signals | null };

function ended(child: {
  readonly exitCode: number | null;
  readonly signalCode: NodeJS.Signals | null;
  once(event: 'exit', listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown;
}): Promise<Ending> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve({ exitCode: child.exitCode, signalName: child.signalCode });
  }
  return new Promise((resolve) => {
    child.once('exit', (exitCode, signalName) => resolve({ exitCode, signalName }));
  });
}

function whenClosed(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    stream.once('close', resolve);
    stream.once('error', () => resolve());
  });
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-12).join('\n');
}
