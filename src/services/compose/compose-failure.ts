import { access, constants } from 'node:fs/promises';
import { connect } from 'node:net';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { errorCode, errorWords } from '../../base/thrown.ts';
import type { ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';

type Environment = Readonly<Record<string, string>>;

const lastLines = 12;

/** Compose ends with status 1 for nearly everything, so the world is asked what is the matter, not the message. */
export async function classifyComposeFailure(request: {
  readonly commandLine: string;
  readonly result: ProcessResult;
  readonly processes: ProcessRunner;
  readonly env: Environment;
}): Promise<Failure> {
  const detail = tailOf(request.result);
  const daemonFailure = await findDaemonFailure(request.processes, request.env);
  if (daemonFailure !== undefined) return { ...daemonFailure, detail };
  return {
    code: 'command-failed',
    message: `${request.commandLine} ends with exit status ${request.result.exitCode}.`,
    remedy: 'Read the last lines it printed, mend what they name, then try again.',
    retry: 'after-fix',
    detail,
  };
}

/** Proves that a file Compose needs is there and may be read; Compose itself says so only in words. */
export async function checkReadable(file: string, role: 'compose' | 'environment'): Promise<Outcome<void>> {
  try {
    await access(file, constants.R_OK);
    return succeed(undefined);
  } catch (error) {
    const isDenied = errorCode(error) === 'EACCES' || errorCode(error) === 'EPERM';
    return fail({
      code: isDenied ? 'denied' : 'not-found',
      message: isDenied
        ? `Cannot read the ${role} file ${file}: access is denied.`
        : `There is no ${role} file ${file}.`,
      remedy: isDenied
        ? `Run as a user who may read ${file}.`
        : 'Correct the file under services in the runbook, or run from the folder that holds it.',
      retry: 'after-fix',
      detail: errorWords(error),
    });
  }
}

function askDocker(processes: ProcessRunner, env: Environment) {
  const args = ['version', '--format', '{{.Server.Version}}'];
  return processes.run({ program: 'docker', args, env, stallMs: 30_000 });
}

/** Whether a silent Compose waits for a container, and not for a daemon that hangs. */
export async function dockerAnswers(processes: ProcessRunner, env: Environment): Promise<boolean> {
  const asked = await askDocker(processes, env);
  // Where only docker-compose is installed nobody can be asked; then it has the usual time, again and again.
  return asked.ok ? asked.value.exitCode === 0 : asked.failure.code === 'tool-missing';
}

/** undefined when the Docker daemon answers: then the fault lies elsewhere. */
async function findDaemonFailure(processes: ProcessRunner, env: Environment): Promise<Failure | undefined> {
  const asked = await askDocker(processes, env);
  if (asked.ok && asked.value.exitCode === 0) return undefined;
  if (!asked.ok && asked.failure.code === 'stalled') return asked.failure;
  const endpoint = await findEndpoint(processes, env);
  const isDenied = (await connectionError(endpoint)) === 'EACCES';
  return isDenied ? deniedAt(endpoint) : unreachableAt(endpoint);
}

function deniedAt(endpoint: string): Failure {
  return {
    code: 'denied',
    message: `Docker refuses this user at ${endpoint}: access to its socket is denied.`,
    remedy: 'Add this user to the group docker and log in again, or run as root.',
    retry: 'after-fix',
  };
}

function unreachableAt(endpoint: string): Failure {
  return {
    code: 'unreachable',
    message: `Docker does not answer at ${endpoint}.`,
    remedy: endpoint.startsWith('unix:')
      ? 'Start Docker: systemctl start docker.'
      : `Check that DOCKER_HOST or the Docker context is right, and that ${endpoint} answers from here.`,
    retry: 'after-fix',
  };
}

/** The context knows DOCKER_HOST, the user's configuration and the default; it needs no daemon to say so. */
async function findEndpoint(processes: ProcessRunner, env: Environment): Promise<string> {
  if (env.DOCKER_HOST !== undefined) return env.DOCKER_HOST;
  const args = ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'];
  const asked = await processes.run({ program: 'docker', args, env, stallMs: 30_000 });
  const endpoint = asked.ok && asked.value.exitCode === 0 ? asked.value.stdout.trim() : '';
  return endpoint === '' ? 'unix:///var/run/docker.sock' : endpoint;
}

/** The system's own word (EACCES, ENOENT, ECONNREFUSED) on connecting to a local socket; else undefined. */
function connectionError(endpoint: string): Promise<string | undefined> {
  if (!endpoint.startsWith('unix://')) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const socket = connect(endpoint.slice('unix://'.length));
    const finish = (code: string | undefined) => {
      socket.destroy();
      resolve(code);
    };
    socket.once('connect', () => finish(undefined));
    socket.once('error', (error) => finish(errorCode(error)));
    socket.setTimeout(5000, () => finish('ETIMEDOUT'));
  });
}

function tailOf(result: ProcessResult): string {
  const text = result.stderr.trim() === '' ? result.stdout : result.stderr;
  return text.trimEnd().split('\n').slice(-lastLines).join('\n');
}
