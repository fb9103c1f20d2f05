import { PassThrough, type Readable } from 'node:stream';
import { createBodyError } from '../../base/body-error.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { DumpRequest } from '../../ports/dump-tools.ts';
import type { ProcessResult } from '../../ports/process-runner.ts';
import { connectionEnvironment, databaseArgument } from './connection-environment.ts';
import type { ConnectionTarget } from './connection-target.ts';
import type { PostgresTool } from './find-tool.ts';
import type { ProgramPlace } from './program-place.ts';

const application = 'thaw backup';
/** A table somebody holds exclusively must not keep the backup waiting for ever. */
const lockWaitMs = 10 * 60_000;
const chunkBytes = 1024 * 1024;

export function dumpArguments(
  request: Pick<DumpRequest, 'database' | 'snapshot' | 'compress'>,
): readonly string[] {
  return [
    '--format=custom',
    ...(request.compress ? [] : ['--compress=0']),
    // It must never wait for somebody to type a password.
    '--no-password',
    `--lock-wait-timeout=${lockWaitMs}`,
    `--snapshot=${request.snapshot}`,
    '--dbname',
    databaseArgument(request.database),
  ];
}

/** The stream ends cleanly only when pg_dump ended with 0: an archive without its end must never look like a whole one. */
export function streamDump(
  request: DumpRequest & {
    readonly place: ProgramPlace;
    readonly tool: PostgresTool;
    readonly target: ConnectionTarget;
  },
): Readable {
  const { place, tool, target, signal } = request;
  const content = new PassThrough({ highWaterMark: chunkBytes });
  content.on('error', () => {});
  const finish = async () => {
    const run = await place.run({
      program: tool.path,
      args: dumpArguments(request),
      env: connectionEnvironment(target, { application }),
      outputTo: content,
      stallMs: request.stallMs,
      // Silence is ours, not pg_dump's, while nobody takes what it has said.
      stillWorking: async () => content.writableNeedDrain,
      ...(signal === undefined ? {} : { signal }),
    });
    if (content.destroyed) return;
    const failure = judge(run, `dump ${request.database} at ${target.address}`);
    if (failure === undefined) content.end();
    else content.destroy(createBodyError(failure));
  };
  void finish();
  return content;
}

export async function readGlobals(request: {
  readonly place: ProgramPlace;
  readonly tool: PostgresTool;
  readonly target: ConnectionTarget;
  readonly withPasswords: boolean;
  readonly signal?: AbortSignal | undefined;
}): Promise<Outcome<Buffer>> {
  const { place, tool, target, withPasswords, signal } = request;
  const chunks: Buffer[] = [];
  const content = new PassThrough();
  content.on('data', (chunk: Buffer) => chunks.push(chunk));
  const run = await place.run({
    program: tool.path,
    args: [
      '--globals-only',
      '--no-password',
      ...(withPasswords ? [] : ['--no-role-passwords']),
      `--database=${target.database}`,
    ],
    env: connectionEnvironment(target, { application }),
    outputTo: content,
    stallMs: 120_000,
    ...(signal === undefined ? {} : { signal }),
  });
  const failure = judge(run, `dump the roles of ${target.address}`);
  return failure === undefined ? succeed(Buffer.concat(chunks)) : fail(failure);
}

function judge(run: Outcome<ProcessResult>, doing: string): Failure | undefined {
  if (!run.ok) return { ...run.failure, message: `Cannot ${doing}: ${run.failure.message}` };
  if (run.value.exitCode === 0) return undefined;
  return {
    code: 'command-failed',
    message: `Cannot ${doing}: the program ended with status ${run.value.exitCode}.`,
    remedy: 'Read its last lines, mend what they say, then run the backup again.',
    retry: 'after-fix',
    detail: run.value.stderr.trim().split('\n').slice(-12).join('\n'),
  };
}
