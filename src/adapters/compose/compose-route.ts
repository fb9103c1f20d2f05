import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Duplex, PassThrough, Readable } from 'node:stream';
import { createBodyError } from '../../base/body-error.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import type { DatabaseRoute, DatabaseRouteConfig, RoutedProgram } from '../../ports/database-route.ts';
import type { ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';
import { type ComposeCommand, createComposeCommand } from './compose-command.ts';
import { begunMark, programScript, relayExits, relayScript } from './container-scripts.ts';

const chunkBytes = 1024 * 1024;

/**
 * A database that is reached only through its container: `docker compose exec -T SERVICE`. Programs run there, and a
 * connection is a program there that carries bytes between its own streams and the server's port, so that everything that
 * speaks to a server works as it does without a container.
 */
export function openComposeRoute(options: {
  readonly config: DatabaseRouteConfig;
  readonly processes: ProcessRunner;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}): DatabaseRoute {
  const { config, processes, environment = process.env } = options;
  const { service } = config;
  const compose = createComposeCommand({ config: config.services, processes, environment });
  const address = `service ${service} of compose file ${config.services.file}`;
  return {
    address,
    run: (request) => runThere({ compose, service, address, request }),
    describe: (program, args) => compose.describe(['exec', '-T', service, program, ...args]),
    dial: (to) => dialThere({ compose, service, address, to }),
  };
}

type There = { readonly compose: ComposeCommand; readonly service: string; readonly address: string };

async function runThere(there: There & { readonly request: RoutedProgram }): Promise<Outcome<ProcessResult>> {
  const { compose, service, address, request } = there;
  const { program, args, env = {}, file, inputFrom, onLine, ...limits } = request;
  const size = await sizeOf(file);
  if (!size.ok) return size;
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const broken = variables.find((line) => /[\n\0]/.test(line));
  if (broken !== undefined) throw new Error('Broken promise: no variable of ours holds a newline');
  const ended = new AbortController();
  const input = Readable.from(sendInput({ variables, file, inputFrom, ended: ended.signal }), {
    objectMode: false,
  });
  input.on('error', () => {});
  let begun = false;
  const script = [programScript, 'thaw', String(variables.length), size.value];
  const ran = await compose.exec({
    ...limits,
    args: ['exec', '-T', service, 'sh', '-c', ...script, program, ...args],
    inputFrom: input,
    onLine: (line, stream) => {
      if (line === begunMark) begun = true;
      else onLine?.(line, stream);
    },
  });
  ended.abort();
  input.destroy();
  if (!ran.ok) return ran;
  if (begun && ran.value.exitCode === 127) return fail(noProgram(program, address));
  if (!begun && ran.value.exitCode !== 0) return fail(await notThere(ran.value, there));
  return succeed({ ...ran.value, stderr: ran.value.stderr.replace(`${begunMark}\n`, '') });
}

async function sizeOf(file: string | undefined): Promise<Outcome<string>> {
  if (file === undefined) return succeed('-');
  try {
    const stats = await stat(file);
    if (stats.isFile()) return succeed(String(stats.size));
    return fail({
      code: 'invalid-input',
      message: `${file} is a folder, and only single files can be handed into a container.`,
      remedy: 'Take dumps in custom format where the database is reached through a container.',
      retry: 'never',
    });
  } catch (error) {
    return fail(describeFileFailure({ doing: `read ${file}`, error }));
  }
}

/** A file is followed by silence, not by an end: the end tells the script that nobody waits for its program any more. */
async function* sendInput(input: {
  readonly variables: readonly string[];
  readonly file: string | undefined;
  readonly inputFrom: Readable | undefined;
  readonly ended: AbortSignal;
}): AsyncGenerator<Buffer> {
  for (const line of input.variables) yield Buffer.from(`${line}\n`);
  if (input.inputFrom !== undefined) for await (const chunk of input.inputFrom) yield chunk as Buffer;
  if (input.file === undefined) return;
  for await (const chunk of createReadStream(input.file, { highWaterMark: chunkBytes }))
    yield chunk as Buffer;
  if (input.ended.aborted) return;
  await new Promise((resolve) => input.ended.addEventListener('abort', resolve, { once: true }));
}

function noProgram(program: string, address: string): Failure {
  return {
    code: 'tool-missing',
    message: `There is no ${program} in the ${address}.`,
    remedy: 'Name the service whose container holds the PostgreSQL programs.',
    retry: 'after-fix',
  };
}

/** The script never began: the container is down, or has no shell. */
async function notThere(
  result: ProcessResult,
  { compose, address }: Pick<There, 'compose' | 'address'>,
): Promise<Failure> {
  const failure = await compose.classify(result);
  if (failure.code !== 'command-failed') return failure;
  return {
    ...failure,
    code: 'unreachable',
    message: `The ${address} does not run a command: its container is down, or has no shell.`,
    remedy: 'Start that service, wait until it is healthy, then try again.',
  };
}

function dialThere(there: There & { readonly to: { readonly host: string; readonly port: number } }): Duplex {
  const { compose, service, address, to } = there;
  const sent = new PassThrough();
  const received = new PassThrough();
  const stop = new AbortController();
  const connection = Duplex.from({ readable: received, writable: sent });
  connection.once('close', () => stop.abort());
  let begun = false;
  const run = async () => {
    const ran = await compose.exec({
      args: ['exec', '-T', service, 'sh', '-c', relayScript, 'thaw', to.host, String(to.port)],
      inputFrom: sent,
      outputTo: received,
      onLine: (line) => {
        if (line === begunMark) begun = true;
      },
      signal: stop.signal,
    });
    if (connection.destroyed) return;
    if (!ran.ok) connection.destroy(createBodyError(ran.failure));
    else if (!begun && ran.value.exitCode !== 0)
      connection.destroy(createBodyError(await notThere(ran.value, there)));
    else if (relayExits[ran.value.exitCode] !== undefined)
      connection.destroy(createBodyError(relayFailure(ran.value.exitCode, { address, ...to })));
    else received.end();
  };
  void run();
  return asSocket(connection);
}

function relayFailure(
  exitCode: number,
  to: { readonly address: string; readonly host: string; readonly port: number },
): Failure {
  const isMissing = relayExits[exitCode] === 'no relay';
  return {
    code: isMissing ? 'tool-missing' : 'unreachable',
    message: isMissing
      ? `The ${to.address} has neither bash nor perl nor socat nor nc to lead to ${to.host}:${to.port}.`
      : `No server answers at ${to.host}:${to.port} in the ${to.address}.`,
    remedy: isMissing
      ? 'Publish the port of the database on 127.0.0.1 for the time of the restore, and use it without `via`.'
      : 'Check that the server runs in that container, and the host and port in the database URL.',
    retry: 'after-fix',
  };
}

/** What a database driver asks of a socket. */
function asSocket(connection: Duplex): Duplex {
  const socket = Object.assign(connection, {
    setNoDelay: () => socket,
    setKeepAlive: () => socket,
    ref: () => socket,
    unref: () => socket,
    connect: () => {
      process.nextTick(() => socket.emit('connect'));
      return socket;
    },
  });
  return socket;
}
