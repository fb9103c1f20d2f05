import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withConnection } from '../../../src/sandbox/crm/database.ts';
import { type PostgresCluster, startPostgresCluster } from '../../../src/sandbox/postgres-cluster.ts';
import { makeCompanyDatabase } from '../../../src/sandbox/start-company.ts';
import { type Bucket, openBucket } from '../../parts/bucket.ts';
import { readValue } from '../../parts/count-rows.ts';
import { findRgw } from '../../parts/find-s3-servers.ts';
import { findKubernetes, type Kubernetes, startKubernetes } from '../../parts/kubernetes.ts';
import { workloadOf } from '../../parts/pods.ts';
import { checksOf, filesHolding, readRecord } from '../../parts/run-log.ts';
import { createBucket, type S3Server, startRgw } from '../../parts/s3-servers.ts';
import { runThaw } from '../../parts/thaw.ts';
import { makeTmpfs } from '../../parts/tmpfs.ts';

const run = promisify(execFile);
const rgw = await findRgw();
const programs = await findKubernetes();
const absent = [rgw, programs].flatMap((found) => ('absentBecause' in found ? [found.absentBecause] : []));
if ('folder' in programs && absent.length === 0) describe('Dolibarr ERP', () => dolibarr(programs.folder));
else
  it('is NOT tried without Ceph RGW and a Kubernetes API server', () =>
    void process.stderr.write(`\nDolibarr is NOT tried: ${absent.join(', ')}.\n`));

const settings = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };
const environments = ['prod', 'sandbox'] as const;
type Environment = (typeof environments)[number];

function dolibarr(kubernetesPrograms: string) {
  let folder: string;
  let server: S3Server;
  let store: Bucket;
  let kubernetes: Kubernetes;
  let production: PostgresCluster;
  let drill: PostgresCluster;
  const urls: Record<Environment, string> = { prod: '', sandbox: '' };
  let erpUrl: string;
  let volume: Awaited<ReturnType<typeof makeTmpfs>> | undefined;
  const page = createServer((_, answer) => answer.end('<title>Dolibarr</title>'));
  const documents = (environment: Environment) => join(folder, environment, 'documents');
  const at = new Date(Date.now() - 3_600_000);
  const stamp = (of: Date) => of.toISOString().slice(0, 19).replace(/[-:]/g, '').concat('Z');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thaw-dolibarr-'));
    await chmod(folder, 0o711);
    [server, kubernetes, production, drill] = await Promise.all([
      startRgw(),
      startKubernetes(kubernetesPrograms),
      startPostgresCluster({ folder: join(folder, 'production'), settings }),
      startPostgresCluster({ folder: join(folder, 'drill'), settings }),
    ]);
    store = openBucket(await createBucket(server));
    for (const environment of environments) {
      const database = environment === 'prod' ? 'erp' : 'erp_sandbox';
      const superuserUrl = production.url;
      urls[environment] = await makeCompanyDatabase({
        superuserUrl,
        role: database,
        password: `CANARY-${database}`,
        database,
      });
      await seed(urls[environment], environment);
      // Production's documents are a volume of their own, as the claim of a pod is.
      if (environment === 'prod')
        volume = await makeTmpfs({ folder: documents('prod'), sizeBytes: 20_000_000 });
      await makeDocuments(documents(environment), environment);
      const namespace = environment === 'prod' ? 'erp' : 'erp-sandbox';
      await kubernetes.kubectl('create', 'namespace', namespace);
      const replicas = environment === 'prod' ? 2 : 1;
      await kubernetes.apply(workloadOf({ kind: 'Deployment', name: 'erp', namespace, replicas }));
    }
    await runInPod({ namespace: 'erp', name: 'erp-db', cluster: production });
    await runInPod({ namespace: 'erp-sandbox', name: 'drill-db', cluster: drill });
    await backUp('prod', at);
    // Newer than production's: whoever mixed them up would take it.
    await backUp('sandbox', new Date());
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const address = page.address();
    erpUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  });
  afterAll(async () => {
    page.close();
    store?.close();
    await Promise.all([kubernetes?.stop(), server?.stop(), production?.stop(), drill?.stop()]);
    await volume?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  /** From then on the server is reached by kubectl exec, too, with the programs of its own version. */
  async function runInPod(given: {
    readonly namespace: string;
    readonly name: string;
    readonly cluster: PostgresCluster;
  }): Promise<void> {
    const { namespace, name, cluster } = given;
    await kubernetes.apply(workloadOf({ kind: 'StatefulSet', name, namespace, replicas: 1 }));
    const env = { PATH: `${cluster.binFolder}:${process.env.PATH}` };
    await kubernetes.runContainer({ namespace, pod: `${name}-0`, container: name, env });
    const pod = ['get', 'pod', `${name}-0`, '-n', namespace, '-o', 'jsonpath={.status.phase}'];
    await vi.waitFor(async () => expect(await kubernetes.kubectl(...pod)).toBe('Running'), {
      timeout: 120_000,
      interval: 200,
    });
  }

  /** As ops/backup/backup-job.sh does it. */
  async function backUp(environment: Environment, time: Date): Promise<void> {
    const dump = join(folder, 'one.dump');
    await run(join(production.binFolder, 'pg_dump'), ['-Fc', '-f', dump, '-d', urls[environment]]);
    await store.put(`erp/${environment}/db/${stamp(time)}.dump`, await readFile(dump));
    await archiveDocuments(environment, time);
  }

  async function archiveDocuments(environment: Environment, time: Date): Promise<void> {
    const archive = join(folder, 'docs.tar.gz');
    await run('tar', ['-czf', archive, '-C', documents(environment), '.']);
    await store.put(`erp/${environment}/docs/${stamp(time)}.tar.gz`, await readFile(archive));
  }

  async function thaw(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
    const logFolder = await mkdtemp(join(folder, 'log-'));
    const own = (environment: 'PROD' | 'SANDBOX') => {
      const name = environment === 'PROD' ? 'prod' : 'sandbox';
      return {
        [`ERP_${environment}_DATABASE_URL`]: urls[name],
        [`ERP_${environment}_DOCUMENTS`]: documents(name),
        [`ERP_${environment}_URL`]: erpUrl,
        [`ERP_${environment}_KUBECONFIG`]: kubernetes.kubeconfig,
        [`ERP_${environment}_CONTEXT`]: 'test',
      };
    };
    const end = await runThaw({
      args: [...args, '--plain', '--log-dir', logFolder],
      env: {
        HOME: folder,
        BACKUP_S3_ENDPOINT: server.endpoint,
        BACKUP_S3_REGION: server.region,
        BACKUP_S3_BUCKET: store.config.bucket,
        BACKUP_S3_ACCESS_KEY: server.accessKey,
        BACKUP_S3_SECRET_KEY: server.secretKey,
        DRILL_DATABASE_URL: drill.url,
        ...own('PROD'),
        ...own('SANDBOX'),
        ...more,
      },
      cwd: folder,
    });
    return { end, logFolder };
  }
  const live = [
    '--yes',
    '--snapshot',
    'latest',
    '--answer',
    'smoke-checklist.invoice-pdf=passed',
    '--confirm',
    'documents',
  ];
  const replicas = (namespace: string) =>
    kubernetes.kubectl('get', 'deployment', 'erp', '-n', namespace, '-o', 'jsonpath={.spec.replicas}');

  it('lists only its own environment, however new the other one is', async () => {
    const { end } = await thaw(['snapshots', 'dolibarr-erp']);
    expect(end.text).toContain(stamp(at));
    expect(end.text).not.toContain('sandbox');
  });

  type Ran = Awaited<ReturnType<typeof thaw>>;
  const straight = /pg_restore /;

  /** A throwaway database and documents of its own, nothing scaled, nothing left. */
  async function expectDrilled({ end, logFolder }: Ran, command: RegExp): Promise<void> {
    const record = await readRecord(logFolder);
    const checks = checksOf(record).join('\n');
    expect(checks, end.text).toMatch(/documents passed: /);
    expect(checks).toMatch(/smoke-checklist passed: Invoices are there: 40/);
    expect(checks).not.toMatch(/ failed: /);
    expect(JSON.stringify(record)).toMatch(command);
    expect(await replicas('erp')).toBe('2');
    expect(await readFile(join(documents('prod'), 'facture', 'FA2601-0001.pdf'), 'utf8')).toBe('%PDF prod 1');
    expect(await filesHolding(logFolder, ['CANARY', server.secretKey])).toEqual([]);
  }

  async function ruin(): Promise<void> {
    await withConnection(urls.prod, (client) => client.query('truncate llx_facture').then(() => undefined));
    await rm(join(documents('prod'), 'facture'), { recursive: true });
  }

  /** Pods gone while it works, rows and documents as they were, owners kept, the sandbox untouched. */
  async function expectBack({ end, logFolder }: Ran, command: RegExp): Promise<void> {
    const record = await readRecord(logFolder);
    const checks = checksOf(record).join('\n');
    expect(record.result.state, end.text).toBe('finished');
    expect(checks).not.toMatch(/ failed: /);
    expect(checks).toMatch(/stop-writers passed: erp is down/);
    expect(checks).toMatch(/start-services passed: erp is running, healthy/);
    expect(JSON.stringify(record)).toMatch(command);
    expect(await replicas('erp')).toBe('2');
    expect(await replicas('erp-sandbox')).toBe('1');
    expect(await readValue(urls.prod, 'select count(*) as value from llx_facture')).toBe('40');
    expect(await readValue(urls.sandbox, 'select count(*) as value from llx_facture')).toBe('7');
    const invoice = await stat(join(documents('prod'), 'facture', 'FA2601-0001.pdf'));
    expect([invoice.uid, invoice.gid, invoice.mode & 0o777]).toEqual([33, 33, 0o640]);
    expect(await filesHolding(logFolder, ['CANARY', server.secretKey])).toEqual([]);
  }

  it('drills production from what its own job wrote: nothing scaled, nothing left', async () => {
    await expectDrilled(await thaw(['drill', 'dolibarr-erp', '--snapshot', 'latest']), straight);
  });

  it('refuses a drill through a pod that leads to the server of production', async () => {
    const { end } = await thaw(['drill', 'dolibarr-erp', '--snapshot', 'latest'], {
      DRILL_DATABASE_URL: production.url,
      DRILL_DATABASE_POD: 'statefulset/drill-db',
      ERP_PROD_DATABASE_POD: 'erp-db-0',
    });
    expect(end, end.text).toMatchObject({ status: 3 });
    expect(end.text).toMatch(
      /The drill's server statefulset\/drill-db in namespace erp-sandbox of test .* is production/,
    );
  });

  it('brings production back from what its own job wrote', async () => {
    await ruin();
    await expectBack(await thaw(['restore', 'dolibarr-erp', '--confirm', 'erp', ...live]), straight);
  });

  it.each([
    { way: 'straight from this host', variables: {}, command: straight },
    {
      way: 'through kubectl exec',
      variables: { ERP_PROD_DATABASE_POD: 'statefulset/erp-db', DRILL_DATABASE_POD: 'drill-db-0' },
      command: /kubectl .* exec -i (statefulset\/erp-db|drill-db-0) -- pg_restore /,
    },
  ])(
    'is backed up, drilled and restored $way, and with what the backup wrote down both end verified',
    async ({ variables, command }) => {
      const taken = await thaw(['backup', 'dolibarr-erp'], variables);
      expect(taken.end, taken.end.text).toMatchObject({ status: 0 });
      await archiveDocuments('prod', new Date());
      const drilled = await thaw(['drill', 'dolibarr-erp', '--snapshot', 'latest'], variables);
      expect(drilled.end, drilled.end.text).toMatchObject({ status: 0 });
      await expectDrilled(drilled, command);
      await ruin();
      const restored = await thaw(['restore', 'dolibarr-erp', '--confirm', 'erp', ...live], variables);
      expect(restored.end, restored.end.text).toMatchObject({ status: 0 });
      expect((await readRecord(restored.logFolder)).result.verdict).toBe('passed');
      await expectBack(restored, command);
    },
  );

  it('stops nothing where the pod is one of those to be stopped, is not there, or may not be entered', async () => {
    const refuse = async (variables: Readonly<Record<string, string>>) => {
      const { end } = await thaw(['restore', 'dolibarr-erp', '--confirm', 'erp', ...live], variables);
      expect(end, end.text).toMatchObject({ status: 3 });
      return end.text;
    };
    const own = await refuse({ ERP_PROD_DATABASE_POD: 'deployment/erp' });
    expect(own).toContain('erp is to be stopped, and the database is reached through its container');
    expect(await refuse({ ERP_PROD_DATABASE_POD: 'erp-db-7' })).toContain('There is no pod erp-db-7');
    const rules = ['get,list,patch', 'pods,deployments.apps,statefulsets.apps,cronjobs.batch'] as const;
    const role = [`--verb=${rules[0]}`, `--resource=${rules[1]}`, '-n', 'erp'];
    await kubernetes.kubectl('create', 'role', 'scaler', ...role);
    await kubernetes.kubectl(
      'create',
      'rolebinding',
      'scaler',
      '--role=scaler',
      '--user=limited',
      '-n',
      'erp',
    );
    const limited = await refuse({
      ERP_PROD_DATABASE_POD: 'erp-db-0',
      ERP_PROD_KUBECONFIG: kubernetes.limitedKubeconfig,
    });
    expect(limited).toMatch(/refuses in namespace erp: Forbidden[\s\S]*create pods\/exec/);
    expect(await replicas('erp')).toBe('2');
  });

  it('refuses the credentials of the other environment, both ways, before anything is touched', async () => {
    const crossed = await thaw(['restore', 'dolibarr-erp', '--yes', '--snapshot', 'latest'], {
      ERP_PROD_DATABASE_URL: urls.sandbox,
    });
    expect(crossed.end, crossed.end.text).toMatchObject({ status: 3 });
    expect(crossed.end.text).toMatch(/names erp_sandbox on .*, but this runbook is for erp\./);
    const back = await thaw(['restore', 'dolibarr-erp-sandbox', '--yes', '--snapshot', 'latest'], {
      ERP_SANDBOX_DATABASE_URL: urls.prod,
    });
    expect(back.end, back.end.text).toMatchObject({ status: 3 });
    expect(await replicas('erp')).toBe('2');
    expect(await replicas('erp-sandbox')).toBe('1');
  });

  it('prunes nights of eleven years ago with their documents, not the documents of another time nor the sandbox', async () => {
    const night = (days: number) => stamp(new Date(at.getTime() - days * 86_400_000));
    const nights = Array.from({ length: 60 }, (_, index) => night(4000 + index));
    const keys = nights.flatMap((one) => [
      `prod/db/${one}.dump`,
      `prod/docs/${one}.tar.gz`,
      `sandbox/db/${one}.dump`,
    ]);
    const alone = `erp/prod/docs/${night(3)}.tar.gz`;
    await Promise.all(
      [...keys.map((key) => `erp/${key}`), alone].map((key) => store.put(key, Buffer.alloc(200, 'x'))),
    );
    const before = await store.keys();
    const shown = await thaw(['prune', 'dolibarr-erp', '--dry-run']);
    expect(shown.end.text).toMatch(/ {8}erp\/prod\/docs\/\S+\.tar\.gz {2}200 B: belongs to this dump/);
    expect(await store.keys()).toEqual(before);
    const { end } = await thaw(['prune', 'dolibarr-erp']);
    expect(end.status, end.text).toBe(0);
    expect(end.text).toContain(`no dump is of their time: ${alone}`);
    const after = await store.keys();
    const removed = before.filter((key) => !after.includes(key));
    const dumps = removed.filter((key) => key.endsWith('.dump'));
    // 30 days, and the newest night of each month and year, stay.
    expect(dumps.length).toBeGreaterThan(25);
    expect(removed).toEqual(
      [...dumps, ...dumps.map((key) => key.replace('/db/', '/docs/').replace('.dump', '.tar.gz'))].sort(),
    );
  });
}

async function seed(url: string, environment: Environment): Promise<void> {
  const invoices = environment === 'prod' ? 40 : 7;
  await withConnection(url, async (client) => {
    await client.query('create table llx_const (rowid serial primary key, name text not null, value text)');
    await client.query(
      'create table llx_facture (rowid serial primary key, ref text not null, datec timestamptz not null default now())',
    );
    await client.query(
      'create table llx_ecm_files (rowid serial primary key, filepath text not null, filename text not null)',
    );
    await client.query(
      `insert into llx_const (name, value) values ('MAIN_INFO_SOCIETE_NOM', '${environment}')`,
    );
    await client.query(
      `insert into llx_facture (ref) select 'FA2601-' || lpad(n::text, 4, '0') from generate_series(1, ${invoices}) n`,
    );
    await client.query(
      "insert into llx_ecm_files (filepath, filename) select 'facture', ref || '.pdf' from llx_facture",
    );
  });
}

async function makeDocuments(folder: string, environment: Environment): Promise<void> {
  const invoices = join(folder, 'facture');
  await mkdir(invoices, { recursive: true });
  for (let number = 1; number <= 7; number += 1) {
    const file = join(invoices, `FA2601-000${number}.pdf`);
    await writeFile(file, `%PDF ${environment} ${number}`);
    await chmod(file, 0o640);
    await utimes(file, new Date(2026, 0, number), new Date(2026, 0, number));
    // The web server's user, as in the container.
    if (process.getuid?.() === 0) await chown(file, 33, 33);
  }
}
