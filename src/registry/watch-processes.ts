import { AsyncLocalStorage } from 'node:async_hooks';
import { shellLine } from '../base/quoting.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import type { ProgramObserver } from '../ports/world.ts';

/**
 * Tells whoever is asking which programs ran and how they ended. A store or a server is opened once and serves many steps, some of them side
 * by side, so the observer travels with the asynchronous call, not with the object.
 */
export function watchProcesses(processes: ProcessRunner) {
  const scope = new AsyncLocalStorage<ProgramObserver>();
  const watched: ProcessRunner = {
    async run(request) {
      const observe = scope.getStore();
      if (observe === undefined) return processes.run(request);
      const startMs = performance.now();
      const outcome = await processes.run(request);
      const command = shellLine([request.program, ...request.args]);
      const durationMs = Math.round(performance.now() - startMs);
      await observe(
        outcome.ok
          ? { command, durationMs, exitCode: outcome.value.exitCode }
          : { command, durationMs, because: outcome.failure.code },
      );
      return outcome;
    },
  };
  return {
    processes: watched,
    within: <T>(observer: ProgramObserver, work: () => Promise<T>): Promise<T> => scope.run(observer, work),
  };
}
