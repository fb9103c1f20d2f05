import { type Failure, fail, type Outcome, succeed } from '../../src/base/failure.ts';
import type { ServiceStatus, Services } from '../../src/ports/services.ts';

export type FakeServices = Services & {
  readonly states: Map<string, ServiceStatus>;
  /** stop web,worker · start web */
  readonly calls: string[];
  failNext(failure: Failure): void;
  /** What the log says once it is followed, with how long before each line. */
  readonly log: string[];
};

/** Services in memory: what is started runs, and is healthy, until a test says otherwise. */
export function createFakeServices(names: readonly string[]): FakeServices {
  const states = new Map<string, ServiceStatus>(names.map((name) => [name, { name, state: 'running' }]));
  const calls: string[] = [];
  const log: string[] = [];
  let planned: Failure | undefined;
  let starts = 0;
  const act = (action: 'stop' | 'start', wanted: readonly string[]): Outcome<void> => {
    calls.push(`${action} ${wanted.join(',') || 'all'}`);
    const failure = planned;
    planned = undefined;
    if (failure !== undefined) return fail(failure);
    for (const name of wanted.length > 0 ? wanted : names) {
      if (action === 'stop') states.set(name, { name, state: 'stopped' });
      // What runs already is not started anew.
      else if (states.get(name)?.state !== 'running' || states.get(name)?.incarnation === undefined) {
        starts += 1;
        states.set(name, { name, state: 'running', incarnation: `${starts}` });
      }
    }
    return succeed(undefined);
  };
  return {
    states,
    calls,
    log,
    failNext: (failure) => {
      planned = failure;
    },
    address: 'services in memory',
    probe: async () => succeed({ version: '1', services: names }),
    status: async () => succeed([...states.values()]),
    describe: (action, wanted) => `fake ${action} ${wanted.join(' ')}`,
    stop: async ({ names: wanted }) => act('stop', wanted),
    start: async ({ names: wanted }) => act('start', wanted),
    followLog: async ({ onLine, signal }) => {
      for (const line of log) onLine(line);
      await new Promise((resolve) => {
        if (signal.aborted) resolve(undefined);
        signal.addEventListener('abort', resolve);
      });
      return succeed(undefined);
    },
  };
}
