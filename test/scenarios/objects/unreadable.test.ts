import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findRgw } from '../../parts/find-s3-servers.ts';
import { type S3Server, startRgw } from '../../parts/s3-servers.ts';
import { checksIn, type ObjectStand, startObjectStand } from './stand.ts';

const found = await findRgw();

if ('absentBecause' in found) {
  it('says aloud that Ceph RGW is not tried, and why', () => {
    process.stderr.write(`\nUnreadable objects are NOT tried: ${found.absentBecause}.\n`);
    expect(process.env.CI, 'CI has to have every part').toBeUndefined();
  });
} else {
  suite();
}

function suite(): void {
  let server: S3Server;
  let stand: ObjectStand;

  beforeAll(async () => {
    server = await startRgw();
    stand = await startObjectStand(server);
  });
  afterAll(async () => {
    await stand.remove();
    await server.stop();
  });

  const denied = ['receipts/02.pdf', 'receipts/17.pdf'];

  async function loseObjects(): Promise<void> {
    const numbers = Array.from({ length: 40 }, (_, index) => String(index + 1).padStart(2, '0'));
    await stand.backUpObjects(
      new Map(numbers.map((number) => [`receipts/${number}.pdf`, Buffer.from(`receipt ${number}`)])),
    );
    await stand.live.remove(await stand.live.keys());
    await stand.denyInMirror(denied);
  }

  describe('objects that cannot be read', () => {
    it('stop neither the others nor the database beside them; all are named once, at the end', async () => {
      await loseObjects();
      const said = await stand.restore('--confirm', 'company');
      expect(await stand.live.keys()).toHaveLength(38);
      expect(said.text).toMatch(/company is now the restored database/);
      expect(said.text).toMatch(/2 of 40 objects could not be copied/);
      for (const key of denied) expect(said.text).toContain(key);
      expect(said.status).toBe(1);

      const without = await stand.resume(
        said.logFolder,
        '--yes',
        '--answer',
        'mirror-objects.failure=skip:the owner looks for them',
      );
      expect(without.status, without.text).toBe(7);
      expect(await checksIn(said.logFolder)).toMatch(
        /mirror-objects could-not-verify: 2 objects were left out \(the owner looks for them\): objects\/receipts\/02\.pdf; objects\/receipts\/17\.pdf/,
      );
      expect(await checksIn(said.logFolder)).toMatch(
        /mirror-objects passed: 38 of 38 objects equal by size and MD5/,
      );
    });

    it('are copied alone by a retry, when they can be read again', async () => {
      await loseObjects();
      const { logFolder } = await stand.restore('--confirm', 'company');
      await stand.denyInMirror([]);
      const said = await stand.resume(logFolder, '--yes');
      expect(said.text).toMatch(/2 objects to copy, .*; 38 equal already/);
      expect(await stand.live.keys()).toHaveLength(40);
      expect(said).toMatchObject({ status: 0 });
    });
  });
}
