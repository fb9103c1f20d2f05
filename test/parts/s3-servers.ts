import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createSecret } from '../../src/base/secret.ts';
import { findFreePort } from './free-port.ts';
import { isAlive, onceARun, ownerPid } from './once-a-run.ts';

export type Credentials = { readonly accessKey: string; readonly secretKey: string };

export type S3Server = Credentials & {
  readonly kind: 'rgw' | 'minio';
  readonly endpoint: string;
  readonly port: number;
  readonly region: string;
  /** A second user of the same server, without rights on the first one's buckets. MinIO makes none without its client. */
  readonly stranger?: Credentials;
  stop(): Promise<void>;
};

const cephScript = fileURLToPath(new URL('../../scripts/ceph-rgw.sh', import.meta.url));
const rgwFolderPrefix = 'thaw-rgw-';
/**
 * Ceph RGW, by scripts/ceph-rgw.sh: about 12 s until it answers. The test files of one run share a server, since each
 * works in buckets of its own; it ends with the run (`share-servers.ts`).
 */
export async function startRgw(): Promise<S3Server> {
  const shared = await onceARun('rgw', startOwnRgw);
  return shared === undefined ? startOwnRgw() : { ...shared, stop: async () => {} };
}

async function startOwnRgw(): Promise<S3Server> {
  await endRgw();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryRgw();
    } catch (error) {
      // Somebody else may have taken a port between our looking and the server's binding.
      if (attempt === 3) throw error;
    }
  }
}

async function tryRgw(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), rgwFolderPrefix));
  await writeFile(join(folder, 'owner.pid'), String(ownerPid()));
  const stop = () => runCeph(['stop', folder]);
  try {
    const [port, monPort] = [await findFreePort(), await findFreePort()];
    await runCeph(['start', folder, String(port), String(monPort)]);
    const owner = { accessKey: 'OWNER', secretKey: randomBytes(20).toString('hex') };
    const stranger = { accessKey: 'STRANGER', secretKey: randomBytes(20).toString('hex') };
    await runCeph(['user', folder, 'owner', owner.accessKey], owner.secretKey);
    await runCeph(['user', folder, 'stranger', stranger.accessKey], stranger.secretKey);
    const endpoint = `http://127.0.0.1:${port}`;
    return { kind: 'rgw', endpoint, port, region: 'us-east-1', ...owner, stranger, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Ends the servers of a run that ends. A test process that was killed leaves its daemons behind: those are ended as well.
 */
export async function endRgw(endingPid?: number): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(rgwFolderPrefix)) continue;
    const folder = join(tmpdir(), name);
    const owner = Number(await readFile(join(folder, 'owner.pid'), 'utf8').catch(() => ''));
    if (owner > 0 && (owner === endingPid || !isAlive(owner))) await runCeph(['stop', folder]);
  }
}

function runCeph(args: readonly string[], input = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile('bash', [cephScript, ...args], (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`ceph-rgw.sh ${args[0]} failed: ${stderr.slice(-2000)}`));
    });
    child.stdin?.end(`${input}\n`);
  });
}

/** @param binary where findMinio found it. */
/** No resolver knows it: what leads there is a proxy. */
export const minioDomain = 'store.example';

export async function startMinio(binary: string): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-minio-'));
  const [port, consolePort] = [await findFreePort(), await findFreePort()];
  const credentials = { accessKey: 'minio-owner', secretKey: randomBytes(20).toString('hex') };
  const child = spawn(
    binary,
    [
      'server',
      join(folder, 'data'),
      '--address',
      `127.0.0.1:${port}`,
      '--console-address',
      `127.0.0.1:${consolePort}`,
    ],
    {
      stdio: 'ignore',
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        MINIO_ROOT_USER: credentials.accessKey,
        MINIO_ROOT_PASSWORD: credentials.secretKey,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
        MINIO_CALLHOME_ENABLE: 'off',
        // A bucket in the host name below it is taken for one; everything else is as without.
        MINIO_DOMAIN: minioDomain,
      },
    },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // A test process that ends in a hurry takes its server along.
  const takeAlong = () => child.kill('SIGKILL');
  process.once('exit', takeAlong);
  const stop = async () => {
    process.removeListener('exit', takeAlong);
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  if (!(await isListening(port))) {
    await stop();
    throw new Error('MinIO does not listen within 30 s.');
  }
  return { kind: 'minio', endpoint, port, region: 'us-east-1', ...credentials, stop };
}

async function isListening(port: number): Promise<boolean> {
  const endMs = Date.now() + 30_000;
  while (Date.now() < endMs) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', () => resolve(false));
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
    });
    if (open) return true;
    await sleep(100);
  }
  return false;
}

/** A new empty bucket of the server's owner; the configuration that opens it. */
export async function createBucket(server: S3Server) {
  const { CreateBucketCommand } = await import('@aws-sdk/client-s3');
  const bucket = `thaw-${randomBytes(6).toString('hex')}`;
  const { endpoint, region, accessKey, secretKey } = server;
  const client = await openClient(server);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return {
    kind: 's3' as const,
    endpoint,
    region,
    bucket,
    accessKey: createSecret(accessKey),
    secretKey: createSecret(secretKey),
  };
}

/** Uploads in parts that were begun and neither finished nor thrown away. */
export async function countUploads(config: Awaited<ReturnType<typeof createBucket>>): Promise<number> {
  const { ListMultipartUploadsCommand } = await import('@aws-sdk/client-s3');
  const { endpoint, region, accessKey, secretKey } = config;
  const credentials = { accessKey: accessKey.reveal(), secretKey: secretKey.reveal() };
  const client = await openClient({ endpoint, region, ...credentials });
  const answer = await client.send(new ListMultipartUploadsCommand({ Bucket: config.bucket }));
  client.destroy();
  return answer.Uploads?.length ?? 0;
}

async function openClient(server: Pick<S3Server, 'endpoint' | 'region' | 'accessKey' | 'secretKey'>) {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const { endpoint, region } = server;
  const credentials = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey };
  return new S3Client({ endpoint, region, forcePathStyle: true, maxAttempts: 10, credentials });
}
