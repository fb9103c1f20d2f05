import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { type Lack, programs } from '../../base/programs.ts';
import { errorWords } from '../../base/thrown.ts';
import { cleanEnvironment } from '../../platform/clean-environment.ts';
import { isExecutable, isOnPath } from '../../platform/distribution.ts';
import { planInstall } from '../../platform/plan-install.ts';
import { postgresFolders } from '../../platform/postgres-folders.ts';
import { traced } from '../../platform/trace.ts';
import type { HostPrograms } from '../../ports/host-programs.ts';
import { readOutput } from './output-reader.ts';

export function openHostPrograms(environment: Readonly<Record<string, string | undefined>>): HostPrograms {
  return {
    missing: async (needed) => needed.filter((lack) => !isHere(lack)),
    plan: (lacks) => planInstall(lacks),
    install: (request) =>
      traced(
        {
          kind: 'program',
          text: () => request.command,
          outcome: (ended) => (ended.ok ? 'exit 0' : ended.failure.code),
        },
        () => runLine(request, environment),
      ),
  };
}

function isHere({ program }: Lack): boolean {
  // Compose is a plugin of docker or a program of its own, which does without; which version it is its services ask.
  const { part } = programs[program];
  if (part === 'docker' || part === 'compose') return isOnPath('docker') || isOnPath('docker-compose');
  if (isOnPath(program)) return true;
  if (part !== 'postgres-client' && part !== 'postgres-server') return false;
  return postgresFolders().some(({ folder }) => isExecutable(join(folder, program)));
}

/** Package managers reach their mirrors through these. */
const proxies = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/**
 * Not by the runner of programs: that one gives each child a session of its own, where sudo finds no terminal to ask on. There is no watch
 * for silence, since a person looks at what it says and can end it.
 */
async function runLine(
  { command, onLine }: Parameters<HostPrograms['install']>[0],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Outcome<void>> {
  const passed = proxies.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const child = spawn('/bin/sh', ['-c', command], {
    stdio: ['inherit', 'pipe', 'pipe'],
    env: cleanEnvironment(environment, Object.fromEntries(passed)),
  });
  const outputs = [readOutput(child.stdout, onLine), readOutput(child.stderr, onLine)];
  const ended = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(errorWords(error)));
    child.once('close', (status, signal) =>
      resolve(status === 0 ? undefined : `${signal ?? `status ${status}`}`),
    );
  });
  for (const output of outputs) output.end();
  if (ended === undefined) return succeed(undefined);
  return fail({
    code: 'command-failed',
    message: `${command} ended with ${ended}.`,
    remedy: 'Read its last lines, mend what they say, then run `thaw check` with --install again.',
    retry: 'after-fix',
  });
}
