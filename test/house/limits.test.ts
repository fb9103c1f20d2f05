import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listFiles, root } from './read-sources.ts';

const sources = listFiles(['src']).map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** What is followed until a signal, and may say nothing for days; why, stands beside each. */
const followed = [
  'src/adapters/process/execa-process-runner.ts',
  'src/databases/route/dial-there.ts',
  'src/ports/process-runner.ts',
  'src/services/compose/compose-services.ts',
  'src/services/kubernetes/kubernetes-services.ts',
];

it('no program is run without a limit of silence: the port wants one, and only what is followed until a signal is endless', () => {
  const port = readFileSync(join(root, 'src/ports/process-runner.ts'), 'utf8');
  expect(port).toMatch(/readonly stallMs: number \| 'endless';/);
  const endless = sources.filter(({ text }) => text.includes("'endless'")).map(({ path }) => path);
  expect(endless.toSorted()).toEqual(followed);
});

it('whatever starts a program does it through that port, but for what outlives us and what the operator is lent', () => {
  const starting = /from 'node:child_process'|from 'execa'/;
  const outside = sources
    .filter(({ path, text }) => starting.test(text) && !path.startsWith('src/sandbox/'))
    .map(({ path }) => path);
  expect(outside.toSorted()).toEqual([
    'src/adapters/process/execa-process-runner.ts',
    // The operator's own package manager, by way of sudo, which asks on the terminal; a person looks and can end it.
    'src/adapters/process/host-programs.ts',
    // The process of a run, which the terminal that began it must not take along.
    'src/app/begin-apart.ts',
    // A server of our own, which the kernel ends with us.
    'src/databases/cluster/raise-cluster.ts',
    // A service, which is to live on.
    'src/services/supervisor/start-process.ts',
    // The operator's own pager and shell.
    'src/ui/lend-terminal.ts',
  ]);
});

it('whatever opens a connection has a limit of its own', () => {
  const opening =
    /(?<!\.)\b(connect|get|request|createTransport|fetch|new pg\.Client|new sdk\.S3Client|new Resolver)\(/;
  const network =
    /from 'node:(http|https|net|tls|dns|dns\/promises)'|import\('(nodemailer|pg|@aws-sdk\/client-s3)'\)/;
  const open = sources.filter(
    ({ path, text }) => network.test(text) && opening.test(text) && !path.startsWith('src/sandbox/'),
  );
  expect(open.length).toBeGreaterThan(4);
  const unlimited = open.filter(
    ({ text }) =>
      !/AbortSignal\.timeout|[tT]imeout(Millis)?:|setTimeout\(|connectLimitMs|timeoutMs/.test(text),
  );
  expect(unlimited.map(({ path }) => path)).toEqual([]);
});

it('every statement is watched: asked of the server whether it is still at work', () => {
  const session = readFileSync(join(root, 'src/databases/postgres/session.ts'), 'utf8');
  // One place sends statements, and it stands between the beginning and the end of a watch.
  expect(session.match(/client\.query\(/g)).toHaveLength(2);
  expect(session).toMatch(/const watch = watchBackend\(/);
  const others = sources.filter(
    ({ path, text }) =>
      /\bclient\.query\(/.test(text) && !/^src\/(sandbox\/|databases\/postgres\/session\.ts)/.test(path),
  );
  expect(others.map(({ path }) => path)).toEqual([]);
});
