import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findMinio, findRgw } from '../../parts/find-s3-servers.ts';
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
    process.stderr.write(`\nObjects of several parts on ${name} are NOT tried: ${because}.\n`);
    expect(process.env.CI, 'CI has to have every part').toBeUndefined();
  });
}

function suite(name: string, start: () => Promise<S3Server>): void {
  describe(`objects of several parts, on ${name}`, () => {
    let server: S3Server;
    let stand: ObjectStand;
    const objects = new Map([
      ['receipts/1.pdf', Buffer.from('one')],
      ['scans/nine.bin', randomBytes(9 * mebibyte)],
      ['scans/twenty.bin', randomBytes(20 * mebibyte + 17)],
    ]);

    beforeAll(async () => {
      server = await start();
      stand = await startObjectStand(server);
    });
    afterAll(async () => {
      await stand.remove();
      await server.stop();
    });

    it('are proven after a mirror, and once more when they are there already', async () => {
      await stand.backUpObjects(objects);
      const before = await stand.live.digests();
      await stand.live.remove(await stand.live.keys());
      const said = await stand.restore('--confirm', 'company');
      expect(await checksIn(said.logFolder), said.text).toMatch(
        /mirror-objects passed: 3 of 3 objects equal by size and content/,
      );
      expect(await stand.live.digests()).toEqual(before);
      expect(said).toMatchObject({ status: 0 });
      const again = await stand.restore('--confirm', 'company');
      expect(await checksIn(again.logFolder)).toMatch(
        /mirror-objects passed: 3 of 3 objects equal by size and content/,
      );
      expect(again).toMatchObject({ status: 0 });
    });

    it('are no difference when another program cut them into other parts', async () => {
      await stand.backUpObjects(new Map([['receipts/1.pdf', Buffer.from('one')]]));
      const content = randomBytes(17 * mebibyte);
      await stand.putInParts('scans/parts.bin', content, 5 * mebibyte);
      await stand.company.backUp();
      const said = await stand.restore('--confirm', 'company');
      expect(await checksIn(said.logFolder), said.text).toMatch(
        /mirror-objects passed: 2 of 2 objects equal by size and content/,
      );
      expect(said.text).toMatch(/0 objects to copy/);
      expect(said).toMatchObject({ status: 0 });
    });

    it('fail when as many other bytes stand there after the mirror', async () => {
      await stand.backUpObjects(objects);
      const other = randomBytes(20 * mebibyte + 17);
      await stand.putInParts('scans/twenty.bin', other, 8 * mebibyte);
      const said = await stand.restore('--confirm', 'company');
      expect(said.status).toBe(4);
      expect((await stand.live.get('scans/twenty.bin')).equals(other)).toBe(true);
    });
  });
}
