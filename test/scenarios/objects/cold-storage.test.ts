import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ColdStore, startColdStore } from '../../parts/cold-store.ts';
import { findMinio } from '../../parts/find-s3-servers.ts';
import { readEntries } from '../../parts/run-log.ts';
import { type S3Server, startMinio } from '../../parts/s3-servers.ts';
import { checksIn, type ObjectStand, startObjectStand } from './stand.ts';

const minio = await findMinio();

if ('absentBecause' in minio) {
  it('says aloud that MinIO is not tried, and why', () => {
    process.stderr.write(`\nObjects in cold storage are NOT tried: ${minio.absentBecause}.\n`);
    expect(process.env.CI, 'CI has to have every part').toBeUndefined();
  });
} else suite(minio.binary);

function suite(binary: string): void {
  describe('what is in cold storage', () => {
    let server: S3Server;
    let stand: ObjectStand;
    let cold: ColdStore | undefined;
    const objects = new Map(
      [1, 2, 3, 4].map((one) => [`receipts/${one}.pdf`, Buffer.from(`receipt ${one}`)]),
    );

    beforeAll(async () => {
      server = await startMinio(binary);
      stand = await startObjectStand(server);
    });
    afterAll(async () => {
      await cold?.close();
      await stand.remove();
      await server.stop();
    });

    async function backUp(storageClass: string): Promise<ColdStore> {
      await cold?.close();
      await stand.backUpObjects(objects);
      cold = await startColdStore({ targetPort: server.port, storageClass, looks: 2 });
      await stand.readBackupsFrom(cold.endpoint);
      return cold;
    }
    const snapshots = () => stand.company.thaw('snapshots', stand.company.runbookFile);
    const check = () => stand.company.thaw('check', stand.company.runbookFile);

    it('is a dump like any other when somebody has brought it back by hand', async () => {
      const store = await backUp('GLACIER');
      store.freeze('.dump.', 'done');
      expect((await snapshots()).text).not.toContain('cold storage');
      const said = await stand.restore('--confirm', 'company');
      expect(said.status, said.text).toBe(0);
      expect(store.requests()).toEqual([]);
    });

    it('is a dump that is offered, asked for once, and waited for', async () => {
      const store = await backUp('GLACIER');
      const dump = (await stand.mirror.keys('pg/')).find((key) => /\.dump\.(gz|zst)/.test(key)) ?? '';
      store.freeze(dump);
      expect((await snapshots()).text).toMatch(/in cold storage \(GLACIER\)/);
      const id = /(\d{8}T\d{6}Z)/.exec(dump)?.[1] ?? '';
      const unasked = await stand.restoreOf(id, '--confirm', 'company');
      expect(unasked.text).toMatch(/Nobody is there to answer: pg\/.* is in cold storage \(GLACIER\)/);
      const no = ['--answer', 'choose-snapshot.thaw=without'];
      const refused = await stand.restoreOf(id, '--confirm', 'company', ...no);
      expect(refused.text).toMatch(/is in cold storage \(GLACIER\), and nobody asked for it/);
      expect(refused.status).not.toBe(0);
      expect(store.requests()).toEqual([]);
      const said = await stand.restoreOf(
        id,
        '--confirm',
        'company',
        '--answer',
        'choose-snapshot.thaw=standard',
      );
      expect(said.status, said.text).toBe(0);
      expect(store.requests()).toHaveLength(1);
      expect(store.requests()[0]).toMatch(/<Days>7<\/Days>.*<Tier>Standard<\/Tier>/s);
    });

    /** A bucket brought from a replica, then files of a folder and of an archive: each from the store that has cold storage. */
    async function bringFrom(endpoint: string): Promise<void> {
      const { company, mirror } = stand;
      const { region, accessKey, secretKey } = server;
      const store = { kind: 's3', endpoint, region, accessKey, secretKey, bucket: mirror.config.bucket };
      const archive = { kind: 'archive', layout: 'docs/{timestamp}.tar', store };
      const folder = (name: string) => ({ kind: 'directory', path: join(company.folder, name) });
      for (const name of ['replica', 'replica-drill', 'unpacked', 'unpacked-drill'])
        await mkdir(join(company.folder, name), { recursive: true });
      const [from, into] = [{ kind: 'tree', prefix: 'objects/', store }, folder('replica')];
      await company.writeRunbook({
        backups: {
          store: { ...store, endpoint: server.endpoint },
          dumps: { layout: 'pg/{host}/{timestamp}.dump[.gz][.zst][.gpg][.age]' },
          key: { privateKeyFile: company.secretKeyFile },
        },
        production: { database: { url: company.production.urlOf('company') }, envFile: company.envFile },
        drill: { database: { url: company.drill.urlOf('drill') } },
        steps: [
          { kind: 'choose-snapshot' },
          { kind: 'bring-objects', id: 'replica', from, into, drillInto: folder('replica-drill') },
          {
            ...{ kind: 'bring-objects', id: 'unpacked', from: archive, into: folder('unpacked') },
            drillInto: folder('unpacked-drill'),
          },
          { kind: 'restore-files', id: 'files', from: archive, into: join(company.folder, 'files') },
          {
            ...{ kind: 'restore-files', id: 'folder', from: { kind: 'tree', prefix: 'notes/', store } },
            into: join(company.folder, 'folder'),
          },
        ],
      });
    }

    it('is told of every step that brings from a store, by check and by a drill before its first act', async () => {
      const store = await backUp('GLACIER');
      await stand.mirror.put('docs/20261101T020000Z.tar', tarOf('contract.pdf', 'signed'));
      for (const name of ['a', 'b']) await stand.mirror.put(`notes/${name}.txt`, Buffer.from(name));
      await bringFrom(store.endpoint);
      store.freeze('notes/b.txt');
      store.freeze('objects/receipts/2.pdf');
      store.freeze('docs/');
      const told = new Map([
        ['replica', /^1 objects are in cold storage: objects\/receipts\/2\.pdf in cold storage \(GLACIER\)/],
        ['unpacked', /^docs\/20261101T020000Z\.tar is in cold storage \(GLACIER\)/],
        ['files', /^docs\/20261101T020000Z\.tar is in cold storage \(GLACIER\)/],
        ['folder', /^1 objects are in cold storage: notes\/b\.txt/],
      ]);
      const checked = await check();
      expect(checked.status, checked.text).toBe(7);
      const answers = [...told.keys()].flatMap((step) => ['--answer', `${step}.thaw=standard`]);
      const logFolder = await stand.newLogFolder();
      const { runbookFile } = stand.company;
      const drilled = await stand.company.thaw(
        ...['drill', runbookFile, '--snapshot', 'latest', '--yes', '--log-dir', logFolder, ...answers],
      );
      const preflight = (await readEntries(logFolder)).find((entry) => entry.kind === 'preflight-finished');
      const checks = preflight?.kind === 'preflight-finished' ? preflight.checks : [];
      for (const [step, text] of told) {
        expect(checks).toContainEqual(
          expect.objectContaining({
            ...{ stepId: step, verdict: 'could-not-verify', text: expect.stringMatching(text) },
            remedy: expect.stringContaining(`--answer ${step}.thaw=standard`),
          }),
        );
        expect(checked.text).toContain(`--answer ${step}.thaw=standard`);
      }
      // The first that asks has brought it back for the others.
      expect(store.requests()).toHaveLength(3);
      expect(drilled.text).toMatch(/4 of 4 objects equal.*\[folder\] \| 2 files copied and compared/s);
      const again = await check();
      expect(again.text).not.toContain('in cold storage:');
      expect(again.text).not.toMatch(/is in cold storage/);
    });

    it('is told of a mirror before anybody is stopped; the rest is copied, and what is cold when it is there', async () => {
      const store = await backUp('DEEP_ARCHIVE');
      for (const one of [2, 3]) store.freeze(`objects/receipts/${one}.pdf`);
      await stand.live.remove(await stand.live.keys());
      const checked = await check();
      expect(checked.text).toMatch(
        /could not verify.*2 objects are in cold storage: objects\/receipts\/2\.pdf in cold storage \(DEEP_ARCHIVE\)/,
      );
      const no = ['--answer', 'mirror-objects.thaw=without'];
      const without = await stand.restore('--confirm', 'company', ...no);
      expect(await stand.live.keys()).toEqual(['receipts/1.pdf', 'receipts/4.pdf']);
      expect(without.text).toMatch(/2 of 4 objects could not be copied.*is in cold storage \(DEEP_ARCHIVE\)/);
      expect(without.text).toMatch(/company is now the restored database/);
      expect(without.status).toBe(1);
      const said = await stand.resume(without.logFolder, '--yes', '--answer', 'mirror-objects.thaw=bulk');
      expect(said.status, said.text).toBe(0);
      expect(await stand.live.keys()).toHaveLength(4);
      expect(await checksIn(without.logFolder)).toMatch(/mirror-objects passed: 4 of 4 objects equal/);
      expect(store.requests()).toHaveLength(2);
      expect(store.requests()[0]).toMatch(/<Tier>Bulk<\/Tier>/);
    });
  });
}

function tarOf(name: string, text: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'thaw-tar-'));
  writeFileSync(join(folder, name), text);
  const tar = execFileSync('tar', ['-cf', '-', '-C', folder, name]);
  rmSync(folder, { recursive: true });
  return tar;
}
