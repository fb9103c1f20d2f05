import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { stringify } from 'yaml';
import { formatBytes, formatDuration } from '../src/base/units.ts';
import { startPostgresCluster } from '../src/sandbox/postgres-cluster.ts';
import { findMinio } from '../test/parts/find-s3-servers.ts';
import { makeGpgHome } from '../test/parts/gpg-keys.ts';
import { createBucket, startMinio } from '../test/parts/s3-servers.ts';

/**
 * How much memory `thaw backup` and `thaw verify` take for a large database: `npm run build`, then
 * `node bench/backup-memory.ts --gigabytes 5 --store directory|minio --compression gzip|zstd [--folder DIR]`. A measurement, not a
 * test: it depends on the machine, takes minutes, and needs about four times the size in free space.
 */
const { values } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '5' },
    store: { type: 'string', default: 'directory' },
    compression: { type: 'string', default: 'zstd' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const allowedBytes = 300e6;
const rowBytes = 1250;
const program = resolve(import.meta.dirname, '../dist/main.js');
const undo: (() => unknown)[] = [];

try {
  await measure();
} finally {
  for (const step of undo.reverse()) await step();
}

async function measure(): Promise<void> {
  const folder = await mkdtemp(join(values.folder, 'thaw-bench-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o711);
  const cluster = await startPostgresCluster({
    folder: join(folder, 'cluster'),
    settings: { fsync: 'off', full_page_writes: 'off', max_wal_size: '4GB' },
  });
  undo.push(cluster.stop);
  const gpg = makeGpgHome();
  undo.push(gpg.remove);
  const key = gpg.makeKey({ userId: 'bench@company.invalid', kind: 'ed25519' });
  const rows = Math.round((Number(values.gigabytes) * 1e9) / rowBytes);
  say(`filling a table with ${rows} rows of ${rowBytes} bytes of noise`);
  await fill(cluster.url, rows);
  const runbook = join(folder, 'bench.yaml');
  await writeFile(
    runbook,
    stringify({
      thaw: 1,
      name: 'bench',
      title: 'Bench',
      objectives: { rto: '1h', rpo: '1h' },
      backups: {
        store: await makeStore(folder),
        dumps: { layout: 'pg/{timestamp}.dump[.gz][.zst][.gpg]' },
        key: { privateKeyFile: gpg.exportSecret(key) },
      },
      production: { database: { url: cluster.url } },
      producer: {
        compression: values.compression,
        encrypt: { kind: 'openpgp', publicKeyFile: gpg.exportPublic(key) },
      },
      steps: [{ kind: 'choose-snapshot' }],
    }),
  );
  await mkdir(join(folder, 'work'));
  const backup = await run(['backup', runbook], folder);
  const verify = await run(['verify', runbook, '--work-dir', join(folder, 'work')], folder);
  for (const one of [backup, verify]) {
    say(
      `${one.name}: ${formatDuration(one.durationMs)}, thaw at most ${formatBytes(one.thawBytes)} resident, with pg_dump and gpg ${formatBytes(one.allBytes)}`,
    );
  }
  const worst = Math.max(backup.thawBytes, verify.thawBytes);
  say(`${worst <= allowedBytes ? 'within' : 'ABOVE'} ${formatBytes(allowedBytes)}`);
  if (worst > allowedBytes) process.exitCode = 1;
}

async function fill(url: string, rows: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('CREATE EXTENSION pgcrypto');
  await client.query('CREATE TABLE noise (id bigint, content text, created_at timestamptz DEFAULT now())');
  await client.query('ALTER TABLE noise ALTER content SET STORAGE PLAIN');
  const step = 200_000;
  for (let from = 0; from < rows; from += step) {
    const until = Math.min(rows, from + step);
    // Hex of random bytes: half of it is noise to a compressor, as in many a real table.
    await client.query(
      `INSERT INTO noise (id, content) SELECT n, encode(gen_random_bytes(600), 'hex') FROM generate_series(${from + 1}, ${until}) n`,
    );
  }
  await client.end();
}

async function makeStore(folder: string) {
  if (values.store === 'directory') {
    await mkdir(join(folder, 'backups'));
    return { kind: 'directory', path: join(folder, 'backups') };
  }
  const found = await findMinio();
  if ('absentBecause' in found) throw new Error(found.absentBecause);
  const server = await startMinio(found.binary);
  undo.push(server.stop);
  const { endpoint, region, bucket } = await createBucket(server);
  return { kind: 's3', endpoint, region, bucket, accessKey: server.accessKey, secretKey: server.secretKey };
}

async function run(args: readonly string[], folder: string) {
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['--', program, ...args], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', NODE_ENV: 'production' },
  });
  let ended = false;
  const status = new Promise<number | null>((done) =>
    child.once('exit', (code) => {
      ended = true;
      done(code);
    }),
  );
  let [thawBytes, allBytes] = [0, 0];
  while (!ended) {
    // VmHWM is the kernel's own high-water mark: nothing between two looks is missed.
    thawBytes = Math.max(thawBytes, await memory(child.pid ?? 0, 'VmHWM'));
    allBytes = Math.max(allBytes, await treeMemory(child.pid ?? 0));
    await sleep(200);
  }
  if ((await status) !== 0) throw new Error(`thaw ${args[0]} ended with ${await status}`);
  return { name: args[0], durationMs: performance.now() - startedMs, thawBytes, allBytes };
}

async function memory(pid: number, field: 'VmHWM' | 'VmRSS'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
}

/** Of the program and everything it started, at this moment. */
async function treeMemory(root: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isOurs = (pid: number): boolean => pid === root || (pid > 1 && isOurs(parents.get(pid) ?? 0));
  const ours = [...parents.keys()].filter(isOurs);
  const sizes = await Promise.all(ours.map((pid) => memory(pid, 'VmRSS')));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
