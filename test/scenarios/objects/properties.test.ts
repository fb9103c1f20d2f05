import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findMinio, findRgw } from '../../parts/find-s3-servers.ts';
import { openProperties } from '../../parts/object-properties.ts';
import { type S3Server, startMinio, startRgw } from '../../parts/s3-servers.ts';
import { checksIn, type ObjectStand, startObjectStand } from './stand.ts';

const mebibyte = 1024 * 1024;
const [rgw, minio] = [await findRgw(), await findMinio()];

if ('absentBecause' in rgw) unproven('Ceph RGW', rgw.absentBecause);
else suite('Ceph RGW', startRgw);
if ('absentBecause' in minio) unproven('MinIO', minio.absentBecause);
else suite('MinIO', () => startMinio(minio.binary));

function unproven(name: string, because: string): void {
  it(`says aloud that ${name} is not tried, and why`, () => {
    process.stderr.write(`\nProperties of objects on ${name} are NOT tried: ${because}.\n`);
    expect(process.env.CI, 'CI has to have every part').toBeUndefined();
  });
}

function suite(name: string, start: () => Promise<S3Server>): void {
  describe(`properties of objects, on ${name}`, () => {
    const keepsAccess = name === 'Ceph RGW';
    let server: S3Server;
    let stand: ObjectStand;
    let [live, mirror]: ReturnType<typeof openProperties>[] = [];

    beforeAll(async () => {
      server = await start();
      stand = await startObjectStand(server);
      [live, mirror] = [openProperties(stand.live.config), openProperties(stand.mirror.config)];
    });
    afterAll(async () => {
      live?.close();
      mirror?.close();
      await stand.remove();
      await server.stop();
    });

    async function backUpDressed(): Promise<void> {
      await stand.backUpObjects(new Map([['receipts/plain.txt', Buffer.from('plain')]]));
      await live?.putWhole('receipts/whole.pdf', Buffer.from('whole'));
      await live?.putInParts('scans/parts.bin', randomBytes(11 * mebibyte), 5 * mebibyte);
      await stand.company.backUp();
    }
    const dressed = ['receipts/whole.pdf', 'scans/parts.bin'];

    it('come back whole, of one part and of several, and what is public is so where the runbook says it', async () => {
      await backUpDressed();
      const before = await Promise.all(dressed.map((key) => live?.of(key)));
      expect(before[0]?.tags).toEqual({ class: 'invoice', keep: '10 years' });
      expect(before[1]?.isPublic).toBe(keepsAccess);
      // Whoever reads the backups needs a key for it.
      expect(await mirror?.of('objects/receipts/whole.pdf')).toMatchObject({ isPublic: false });
      await stand.live.remove(await stand.live.keys());
      await stand.setPublicObjects('keep');
      const said = await stand.restore('--confirm', 'company');
      expect(await Promise.all(dressed.map((key) => live?.of(key)))).toEqual(before);
      const checks = await checksIn(said.logFolder);
      expect(checks).toMatch(/mirror-objects passed: properties of 3 of 3 objects equal/);
      expect(said.status, said.text).toBe(0);
    });

    it('are named where they are not kept', async () => {
      await backUpDressed();
      await stand.setPublicObjects('name');
      await live?.tag('receipts/plain.txt', { class: 'changed' });
      if (keepsAccess) await stand.live.remove(['receipts/whole.pdf']);
      const said = await stand.restore('--confirm', 'company');
      const checks = await checksIn(said.logFolder);
      expect(checks).toMatch(
        keepsAccess
          ? /mirror-objects could-not-verify: 2 of 3 objects have other properties than in the backup: objects\/receipts\/plain\.txt \(tags\); objects\/receipts\/whole\.pdf \(who may read it\)/
          : /mirror-objects could-not-verify: 1 of 3 objects has other properties than in the backup: objects\/receipts\/plain\.txt \(tags\)/,
      );
      expect(said.status, said.text).not.toBe(0);
      expect(said.text).not.toMatch(/^VERIFIED/m);
      if (keepsAccess) expect(await live?.of('receipts/whole.pdf')).toMatchObject({ isPublic: false });
    });

    it('are those of objects that another program mirrored, too', async () => {
      await stand.backUpObjects(new Map([['receipts/plain.txt', Buffer.from('plain')]]));
      await mirror?.tag('objects/receipts/plain.txt', { class: 'letter' });
      if (keepsAccess) await mirror?.makePublic('objects/receipts/plain.txt');
      await stand.live.remove(await stand.live.keys());
      await stand.setPublicObjects('keep');
      const said = await stand.restore('--confirm', 'company');
      expect(await live?.of('receipts/plain.txt')).toMatchObject({
        tags: { class: 'letter' },
        isPublic: keepsAccess,
      });
      expect(said.status, said.text).toBe(0);
    });
  });
}
