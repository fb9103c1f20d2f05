import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ColdStore, startColdStore } from '../../parts/cold-store.ts';
import { findMinio } from '../../parts/find-s3-servers.ts';
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
