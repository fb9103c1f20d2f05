import { expect, it } from 'vitest';
import { succeed } from '../../../src/base/failure.ts';
import type { ProcessRequest } from '../../../src/ports/process-runner.ts';
import { createKubectl } from '../../../src/services/kubernetes/kubectl.ts';

const variable = 'KUBECTL_REMOTE_COMMAND_WEBSOCKETS';

it.each([
  ['is told to run a command once', {}, 'false'],
  ['is left to what the environment says', { [variable]: 'true' }, 'true'],
])('kubectl %s', async (_, environment, wanted) => {
  const asked: Pick<ProcessRequest, 'program' | 'env'>[] = [];
  const kubectl = createKubectl({
    config: { kind: 'kubernetes', namespace: 'erp' },
    processes: {
      run: async (request) => {
        asked.push(request);
        return succeed({ exitCode: 0, stdout: '', stderr: '' });
      },
    },
    environment,
    rights: 'pods/exec',
  });
  await kubectl.exec({ args: ['exec', '-i', 'db-0', '--', 'true'], stallMs: 1000 });
  expect(asked.map(({ program, env }) => [program, env?.[variable]])).toEqual([['kubectl', wanted]]);
});
