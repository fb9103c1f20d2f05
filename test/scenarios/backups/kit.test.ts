// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of a runbook look like this.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { signMessage } from '../../../src/adapters/signing/sign-message.ts';
import { kitNamespace, readKit } from '../../../src/backups/kit.ts';
import { makeKit } from '../../../src/producer/make-kit.ts';
import { guardStore } from '../../../src/registry/with-permits.ts';
import { openStore } from '../../../src/stores/open-store.ts';
import { startTestCluster, type TestCluster } from '../../databases/postgres/cluster.ts';
import { ensureDocker, type RunningDocker } from '../../parts/docker.ts';
import { readRecord } from '../../parts/run-log.ts';
import { shopRunbook } from '../../parts/shop-runbook.ts';
import { runThaw, type SaidHere, type ThawEnd, thawHere } from '../../parts/thaw.ts';

/** A shop with a kit that is made by its backups, and holds its env file encrypted to an age key. */
describe('The kit that each backup refreshes', () => {
  let cluster: TestCluster;
  let docker: RunningDocker;
  /** Of one file of text: nothing of it is ever started. */
  let image: string;
  let folder: string;
  let home: string;
  let store: string;
  let secret: string;
  let signer: string;

  beforeAll(async () => {
    docker = await ensureDocker();
    cluster = await startTestCluster();
    folder = mkdtempSync(join(tmpdir(), 'thaw-shop-'));
    [home, store] = ['shop', 'store'].map((name) => join(folder, name)) as [string, string];
    mkdirSync(home);
    mkdirSync(store);
    await cluster.sql('postgres', 'CREATE DATABASE shop');
    await cluster.sql(
      'shop',
      'CREATE TABLE orders (id int PRIMARY KEY)',
      'INSERT INTO orders SELECT generate_series(1, 90)',
    );
    secret = new URL(cluster.urlOf('shop')).password;
    writeFileSync(join(home, '.env'), `LIVE=${cluster.urlOf('shop')}\nCANARY=3f9c51aa70\n`);
    image = `thaw-shop-${basename(folder).toLowerCase()}:1`;
    execFileSync('tar', ['--create', '--file', join(folder, 'image.tar'), '--directory', home, '.env']);
    await docker.docker('import', join(folder, 'image.tar'), image);
    writeCompose('tea');
    execFileSync('age-keygen', ['-o', join(folder, 'age.key')], { stdio: 'ignore' });
    const made = await thaw('keys', 'new', join(folder, 'signing.key'));
    signer = /SHA256:[A-Za-z0-9+/]{43}/.exec(made.text)?.[0] ?? '';
    writeRunbook({ environment: 'encrypted' });
  });
  afterAll(async () => {
    if (image !== undefined) await docker.docker('rmi', '--force', image);
    await docker?.stop();
    await cluster?.remove();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  function writeCompose(sells: string): void {
    // Other files of this run share the Docker, and have a web of their own.
    const till = { image, network_mode: 'host', environment: { SELLS: sells } };
    writeFileSync(
      join(home, 'compose.yml'),
      `${JSON.stringify({ name: 'thaw-shop', services: { till } })}\n`,
    );
  }

  function writeRunbook(kit: Readonly<Record<string, unknown>> | undefined): void {
    const recipient = execFileSync('age-keygen', ['-y', join(folder, 'age.key')], {
      encoding: 'utf8',
    }).trim();
    const text = shopRunbook({
      store,
      inputs: {
        ENV_FILE: { about: 'the env file of production' },
        COMPOSE: { about: 'the compose file of production' },
        AGE_KEY_FILE: { about: 'the key of the backups' },
      },
      backups: {
        dumps: { layout: 'pg/{host}/{timestamp}.dump[.gz][.age]' },
        key: { ageIdentityFile: '${AGE_KEY_FILE}' },
      },
      production: { envFile: '${ENV_FILE}', services: { kind: 'compose', file: '${COMPOSE}' } },
      before: [{ kind: 'stop-writers', services: ['till'] }],
      producer: {
        host: 'shop-1',
        encrypt: { kind: 'age', recipients: [recipient] },
        sign: { keyFile: join(folder, 'signing.key') },
        ...(kit === undefined ? {} : { kit }),
      },
    });
    writeFileSync(join(home, 'runbook.yaml'), text);
  }

  /** On the host of production. */
  function thaw(...args: readonly string[]): Promise<SaidHere> {
    const { DOCKER_HOST } = docker;
    const env = {
      DOCKER_HOST,
      HOME: home,
      ENV_FILE: join(home, '.env'),
      COMPOSE: join(home, 'compose.yml'),
      AGE_KEY_FILE: join(folder, 'age.key'),
    };
    return thawHere({ args, env, cwd: home });
  }

  async function backUp(): Promise<string> {
    // Names of dumps and of lists count seconds.
    await sleep(1000 - (Date.now() % 1000) + 5);
    const said = await thaw('backup', 'runbook.yaml', '--env-file', join(home, '.env'));
    expect(said, said.text).toMatchObject({ status: 0 });
    return said.text;
  }

  /** On a host that has a new server, a key and nothing else: what was there is gone. */
  async function restoreOnBlank(address: string): Promise<ThawEnd & { readonly blank: string }> {
    const blank = mkdtempSync(join(folder, 'blank-'));
    mkdirSync(join(blank, '.config/rclone'), { recursive: true });
    writeFileSync(join(blank, '.config/rclone/rclone.conf'), `[offsite]\ntype = alias\nremote = ${store}\n`);
    copyFileSync(join(folder, 'age.key'), join(blank, 'my.key'));
    await cluster.sql('postgres', 'DROP DATABASE shop WITH (FORCE)', 'CREATE DATABASE shop');
    const args = [
      'restore',
      address,
      '--plain',
      '--signer',
      signer,
      '--yes',
      '--snapshot',
      'latest',
      '--confirm',
      'shop',
    ];
    const end = await runThaw({
      args,
      env: { DOCKER_HOST: docker.DOCKER_HOST, HOME: blank, AGE_KEY_FILE: 'my.key' },
      cwd: blank,
    });
    return { ...end, blank };
  }

  const inStore = (name: RegExp) =>
    (existsSync(join(store, 'thaw-kit'))
      ? readdirSync(join(store, 'thaw-kit/shop'), { recursive: true, encoding: 'utf8' })
      : []
    )
      .filter((path) => name.test(path))
      .sort();
  const newest = () => {
    const key = inStore(/\.kit\.json$/).at(-1) ?? '';
    const read = readKit(readFileSync(join(store, 'thaw-kit/shop', key), 'utf8'), key);
    if (!read.ok) throw new Error(read.failure.message);
    return read.value;
  };
  const contentOf = (path: string) => {
    const object = newest().files.find((file) => file.path === path)?.object ?? '';
    return readFileSync(join(store, 'thaw-kit/shop', object));
  };

  it('is made by none of a runbook that has no producer.kit', async () => {
    writeRunbook(undefined);
    await backUp();
    expect(inStore(/./)).toEqual([]);
    writeRunbook({ environment: 'encrypted' });
  });

  it('has the compose file as it is when the backup is made', async () => {
    expect(await backUp()).toContain('.env goes along, encrypted to');
    expect(String(contentOf('compose.yml'))).toContain('tea');
    writeCompose('coffee');
    await backUp();
    expect(String(contentOf('compose.yml'))).toContain('coffee');
    const checked = await thaw('kit', 'runbook.yaml', '--check', '--signer', signer);
    expect(checked, checked.text).toMatchObject({ status: 0 });
  });

  it('holds the env file encrypted and in no other way, and not where the runbook does not say so', async () => {
    const identity = ['--decrypt', '--identity', join(folder, 'age.key')];
    const opened = execFileSync('age', identity, { input: contentOf('.env.age'), encoding: 'utf8' });
    expect(opened).toBe(readFileSync(join(home, '.env'), 'utf8'));
    for (const path of inStore(/./).map((name) => join(store, 'thaw-kit/shop', name)))
      if (statSync(path).isFile())
        expect(readFileSync(path, 'latin1'), path).not.toMatch(new RegExp(`3f9c51aa70|${secret}`));
    writeRunbook({});
    await backUp();
    expect(newest().files.map(({ role }) => role)).not.toContain('environment');
    writeRunbook({ environment: 'encrypted' });
    await backUp();
  });

  it('takes away, a day later, what only an earlier one named', async () => {
    const keyFile = join(folder, 'signing.key');
    const tools = { processes: createProcessRunner(), environment: {} };
    const old = await makeKit({
      store: guardStore(openStore({ kind: 'directory', path: store }, tools)),
      about: { ...newest(), thawVersion: '0.0.1' },
      contents: [{ path: 'compose.yml', role: 'services', content: Buffer.from('of last week') }],
      stored: [],
      pages: () => [],
      sign: (message) => signMessage(tools, { keyFile, namespace: kitNamespace, message }),
      nowMs: Date.now() - 7 * 86_400_000,
      onLine: () => undefined,
    });
    if (!old.ok) throw new Error(old.failure.message);
    const before = inStore(/./);
    expect(await backUp()).toContain('removed one earlier kit');
    const gone = before.filter((path) => !inStore(/./).includes(path));
    expect(gone.map((path) => path.replace(/^files\/[0-9a-f]{16}/, 'files'))).toEqual(
      expect.arrayContaining([
        'files/compose.yml',
        basename(old.value.key),
        `${basename(old.value.key)}.sig`,
      ]),
    );
    const checked = await thaw('kit', 'runbook.yaml', '--check', '--signer', signer);
    expect(checked, checked.text).toMatchObject({ status: 0 });
  });

  it('has the images with --images, keeps them, and sends them again only where they changed', async () => {
    const first = await thaw('kit', 'runbook.yaml', '--images', '--env-file', join(home, '.env'));
    expect(first, first.text).toMatchObject({ status: 0 });
    expect(first.text).toMatch(/1 image goes along: .* before compression, at most a minute on a line/);
    const again = await thaw('kit', 'runbook.yaml', '--images', '--env-file', join(home, '.env'));
    expect(again.text).toContain('the images did not change: images.tar.gz');
    await backUp();
    expect(newest().files.filter(({ role }) => role === 'images')).toHaveLength(1);
    expect(newest().images).toEqual([{ name: image }]);
    const checked = await thaw('kit', 'runbook.yaml', '--check', '--signer', signer);
    expect(checked, checked.text).toMatchObject({ status: 0 });
    expect(checked.text).toContain('images.tar.gz: as it was signed');
  });

  it('says on its page how images and env file are had by hand', async () => {
    const page = String(contentOf('RECOVER.md'));
    const [, load = 'false'] = /```sh\n(rclone copyto [^`]*?docker load [^\n]*)/.exec(page) ?? [];
    const [, open = 'false'] = /`(\(umask 077; [^`]*)`/.exec(page) ?? [];
    const hand = mkdtempSync(join(folder, 'by-hand-'));
    await docker.docker('rmi', image);
    const env = { PATH: process.env.PATH, DOCKER_HOST: docker.DOCKER_HOST, HOME: hand };
    execFileSync('bash', ['-eu', '-o', 'pipefail', '-c', `${load}\n${open}`], {
      cwd: hand,
      env: { ...env, AGE_IDENTITY_FILE: join(folder, 'age.key') },
      stdio: 'pipe',
    });
    expect(await docker.docker('image', 'inspect', '--format', '{{.Id}}', image)).toMatch(/^sha256:/);
    expect(readFileSync(join(hand, 'env.opened'), 'utf8')).toBe(readFileSync(join(home, '.env'), 'utf8'));
    expect(statSync(join(hand, 'env.opened')).mode & 0o777).toBe(0o600);
  });

  it('and its encrypted env file are no secrets that lie open; a plain one beside the backups is, for check and backup', async () => {
    const check = () => thaw('check', 'runbook.yaml', '--env-file', join(home, '.env'));
    expect((await check()).text).toContain(`no env file and no private key lies open in ${store}`);
    copyFileSync(join(home, '.env'), join(store, '.env'));
    try {
      const checked = await check();
      expect(checked, checked.text).toMatchObject({ status: 1 });
      expect(checked.text).toMatch(/not as it should be .*: \.env in .* is an env file with values/);
      expect(await backUp()).toMatch(/failed: \.env in .* is an env file with values/);
    } finally {
      await rm(join(store, '.env'));
    }
  });

  it('is proven by a drill, whose record says so, and which does not pass where it is not whole', async () => {
    const logs = join(folder, 'logs');
    const drill = () =>
      thaw(
        ...['drill', 'runbook.yaml', '--env-file', join(home, '.env'), '--log-dir', logs],
        ...['--plain', '--yes', '--snapshot', 'latest'],
      );
    const good = await drill();
    expect(good, good.text).toMatchObject({ status: 0 });
    expect((await readRecord(logs)).kit).toEqual([
      { verdict: 'passed', text: expect.stringMatching(/^the kit made .*: 7 files as they were signed/) },
      { verdict: 'not-checked', text: expect.stringContaining(signer), remedy: expect.any(String) },
    ]);
    const page = newest().files.find(({ role }) => role === 'page')?.object ?? '';
    const path = join(store, 'thaw-kit/shop', page);
    const before = readFileSync(path);
    writeFileSync(path, String(before).replace('Shop', 'Shot'));
    const bad = await drill();
    writeFileSync(path, before);
    expect(bad, bad.text).toMatchObject({ status: 1 });
    expect(bad.text).toMatch(/failed: the kit: RECOVER\.md of the kit, .* is not what was signed/);
    expect((await readRecord(logs)).kit).toMatchObject([{ verdict: 'failed' }]);
  });

  it.each(['FOLDER', 'rclone:offsite:'])(
    'found at %s, loads its images, opens its env file with the key of the backups, and restores',
    async (given) => {
      if (given === 'FOLDER') await docker.docker('rmi', image);
      const end = await restoreOnBlank(given === 'FOLDER' ? store : given);
      expect(end, end.text).toMatchObject({ status: 0 });
      const said = given === 'FOLDER' ? `${image}: loaded` : 'images of the services are on this host';
      expect(end.text).toContain(said);
      expect(await docker.docker('image', 'inspect', '--format', '{{.Id}}', image)).toMatch(/^sha256:/);
      expect(end.text).toContain('.env.age was opened with the key of the backups');
      expect(end.text).not.toContain('3f9c51aa70');
      const [row] = await cluster.sql('shop', 'SELECT count(*) FROM orders');
      expect(row).toEqual({ count: '90' });
      expect(readFileSync(join(end.blank, 'shop/.env'), 'utf8')).toBe(
        readFileSync(join(home, '.env'), 'utf8'),
      );
      expect(statSync(join(end.blank, 'shop/.env')).mode & 0o777).toBe(0o600);
    },
  );
});
