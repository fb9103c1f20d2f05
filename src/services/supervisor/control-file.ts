import { readFile } from 'node:fs/promises';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { errorCode } from '../../base/thrown.ts';

/** One process the sandbox keeps alive: what a service is where there is no Docker. */
export type SupervisedService = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logFile: string;
  readonly pidFile: string;
  readonly healthUrl?: string;
};

/** Reads `{"services": […]}`. The file holds connection URLs, so no failure repeats its text. */
export async function readControlFile(path: string): Promise<Outcome<readonly SupervisedService[]>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    return fail({
      code: code === 'ENOENT' ? 'not-found' : 'denied',
      message: `Cannot read the control file ${path} of the services.`,
      remedy: 'Check the path under services in the runbook and who may read it.',
      retry: 'after-fix',
      detail: String(code),
    });
  }
  const services = parseServices(text);
  if (services !== undefined) return succeed(services);
  return fail({
    code: 'invalid-input',
    message: `The control file ${path} does not list services with name, command, args, env, cwd, logFile and pidFile.`,
    remedy: 'Build the sandbox again.',
    retry: 'after-fix',
  });
}

function parseServices(text: string): readonly SupervisedService[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || !Array.isArray(value.services)) return undefined;
  const services: unknown[] = value.services;
  return services.every(isService) ? services : undefined;
}

function isService(value: unknown): value is SupervisedService {
  if (!isObject(value)) return false;
  const texts = [value.name, value.command, value.cwd, value.logFile, value.pidFile];
  return (
    texts.every((text) => typeof text === 'string' && text !== '') &&
    Array.isArray(value.args) &&
    value.args.every((arg) => typeof arg === 'string') &&
    isObject(value.env) &&
    Object.values(value.env).every((entry) => typeof entry === 'string') &&
    (value.healthUrl === undefined || typeof value.healthUrl === 'string')
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
