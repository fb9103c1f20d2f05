import { describe, expect, it } from 'vitest';
import { succeed } from '../../../src/base/failure.ts';
import { openContainerRoute } from '../../../src/databases/route/open-container-route.ts';
import type { ProcessRunner } from '../../../src/ports/process-runner.ts';
import { openPodContainer } from '../../../src/services/kubernetes/pod-container.ts';
import { failureFrom, valueFrom } from '../../contracts/object-store.contract.ts';

type Answer = { readonly exitCode: number; readonly stdout?: string; readonly stderr?: string };

const pod = {
  metadata: { name: 'erp-db-0' },
  spec: { containers: [{ name: 'postgres' }] },
  status: { phase: 'Running', containerStatuses: [{ name: 'postgres', state: { running: {} } }] },
};
const found: Answer = { exitCode: 0, stdout: JSON.stringify(pod) };

/**
 * What kubectl 1.20, 1.27 and 1.33 printed for a server of version 1.31, cut down to what is read. Stands in where no API server
 * can be built; test/services/kubernetes/pod-container.test.ts asks a real one.
 */
function standIn(answers: {
  readonly get?: Answer;
  readonly exec: Answer;
  /** Of the first call alone. */
  readonly execFirst?: Answer;
  readonly readyz?: Answer;
}) {
  const calls: string[] = [];
  let first = answers.execFirst;
  const exec = () => {
    const answer = first ?? answers.exec;
    first = undefined;
    return answer;
  };
  const processes: ProcessRunner = {
    run: async ({ args, onLine }) => {
      calls.push(args.join(' '));
      const isReadyz = args.some((arg) => arg.includes('readyz'));
      const answer = args.includes('exec')
        ? exec()
        : isReadyz
          ? (answers.readyz ?? { exitCode: 0 })
          : (answers.get ?? found);
      const { exitCode, stdout = '', stderr = '' } = answer;
      for (const line of stderr.split('\n').slice(0, -1)) onLine?.(line, 'stderr');
      return succeed({ exitCode, stdout, stderr });
    },
  };
  const config = { kind: 'kubernetes', namespace: 'erp', pod: 'erp-db-0' } as const;
  return { calls, route: openContainerRoute(openPodContainer({ config, processes, environment: {} })) };
}

const restore = { program: 'pg_restore', args: ['--version'], stallMs: 60_000 };

describe('recorded answers of kubectl exec', () => {
  it('give the status that the container told, without the words of kubectl', async () => {
    const stderr =
      'Defaulted container "postgres" out of: postgres, metrics\nthaw: begun\nbad\nthaw: ended 3\ncommand terminated with exit code 3\n';
    const { route, calls } = standIn({ exec: { exitCode: 3, stdout: 'out', stderr } });
    expect(valueFrom(await route.run(restore))).toEqual({ exitCode: 3, stdout: 'out', stderr: 'bad\n' });
    expect(calls[0]).toBe('--namespace=erp get pods erp-db-0 --output=json');
    expect(calls[1]).toMatch(/^--namespace=erp exec -i erp-db-0 --container=postgres -- sh -c /);
    expect(calls.join(' ')).not.toMatch(/ -t | --tty/);
  });

  it('are asked for once more where nothing had begun, and only there', async () => {
    const busy = { exitCode: 1, stderr: 'error: error dialing backend: connection refused\n' };
    const done = { exitCode: 0, stderr: 'thaw: begun\nthaw: ended 0\n' };
    const { route } = standIn({ execFirst: busy, exec: done });
    expect(valueFrom(await route.run(restore)).exitCode).toBe(0);
    const denied = { exitCode: 1, stderr: 'Error from server (Forbidden): pods "erp-db-0" is forbidden\n' };
    const refused = standIn({ execFirst: denied, exec: done });
    expect(failureFrom(await refused.route.run(restore)).code).toBe('denied');
    const cut = standIn({ execFirst: { exitCode: 0, stderr: 'thaw: begun\nhalf' }, exec: done });
    expect(failureFrom(await cut.route.run(restore)).message).toContain('how it ended is not known');
  });

  it('that end with 0 because the connection was cut are no success', async () => {
    for (const stderr of ['thaw: begun\nhalf a word\n', '']) {
      const { route } = standIn({ exec: { exitCode: 0, stderr } });
      expect(failureFrom(await route.run(restore)).code, stderr).toBe('unreachable');
    }
  });

  it('that end with 1 after the program had ended with 0 are no success, since its last bytes may be missing', async () => {
    const stderr =
      'thaw: begun\nthaw: ended 0\nerror: error reading from error stream: next reader: websocket: close 1006\n';
    const { route } = standIn({ exec: { exitCode: 1, stderr } });
    expect(failureFrom(await route.run(restore))).toMatchObject({ code: 'unreachable', retry: 'safe' });
  });

  it.each([
    [
      'Error from server (Forbidden): pods "erp-db-0" is forbidden: User "limited" cannot create resource "pods/exec" in API group "" in the namespace "erp"\n',
      'denied',
    ],
    ['error: unable to upgrade connection: container not found ("postgres")\n', 'unreachable'],
    [
      'error: Internal error occurred: error executing command in container: exec: "sh": executable file not found in $PATH\n',
      'unreachable',
    ],
  ])('that refuse with %s are %s', async (stderr, code) => {
    const { route } = standIn({ exec: { exitCode: 1, stderr } });
    expect(failureFrom(await route.run(restore)).code).toBe(code);
  });

  it('about a pod that is not there, or waits, are told in words of ours', async () => {
    const exec = { exitCode: 1 };
    const absent = { exitCode: 1, stderr: 'Error from server (NotFound): pods "erp-db-0" not found\n' };
    expect(failureFrom(await standIn({ get: absent, exec }).route.run(restore))).toMatchObject({
      code: 'not-found',
      message: 'There is no pod erp-db-0 in namespace erp.',
    });
    const state = { waiting: { reason: 'ImagePullBackOff' } };
    const waiting = {
      ...pod,
      status: { phase: 'Running', containerStatuses: [{ name: 'postgres', state }] },
    };
    const get = { exitCode: 0, stdout: JSON.stringify(waiting) };
    expect(failureFrom(await standIn({ get, exec }).route.run(restore))).toMatchObject({
      code: 'unreachable',
      message: 'Container postgres of pod erp-db-0 does not run: ImagePullBackOff.',
    });
  });
});
