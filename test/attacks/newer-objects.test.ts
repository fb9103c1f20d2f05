import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findRgw } from '../parts/find-s3-servers.ts';
import { type S3Server, startRgw } from '../parts/s3-servers.ts';
import { checksIn, type ObjectStand, startObjectStand } from '../scenarios/objects/stand.ts';

/**
 * A backup is older than what is live: objects that were written since are overwritten by a careless yes, or by a run that is killed in the
 * middle. Remains: what came into the bucket between two looks of a run, and was not kept.
 */

const found = await findRgw();

if ('absentBecause' in found) {
  it('says aloud that Ceph RGW is not tried, and why', () => {
    process.stderr.write(`\nOverwriting objects is NOT tried: ${found.absentBecause}.\n`);
    expect(process.env.CI, 'CI has to have every part').toBeUndefined();
  });
}

const keptPrefix = /^\.thaw-before-[0-9a-f]{6}\//;

if ('binary' in found) {
  describe('objects that differ from the live ones', () => {
    let server: S3Server;
    let stand: ObjectStand;
    let bucket: string;

    beforeAll(async () => {
      server = await startRgw();
      stand = await startObjectStand(server);
      bucket = stand.live.config.bucket;
    });
    afterAll(async () => {
      await stand.remove();
      await server.stop();
    });

    const textOf = (number: number) => `receipt ${number}`;

    /** Backed up, then one is missing and others are newer in the live bucket. */
    async function changeAfterBackup(count: number, newer: readonly number[]): Promise<void> {
      const numbers = Array.from({ length: count }, (_, index) => index + 1);
      await stand.backUpObjects(
        new Map(numbers.map((number) => [`receipts/${number}.pdf`, Buffer.from(textOf(number))])),
      );
      await stand.live.remove(['receipts/1.pdf']);
      for (const number of newer)
        await stand.live.put(`receipts/${number}.pdf`, Buffer.from(`newer ${number}`));
    }

    const keptKeys = async () => (await stand.live.keys()).filter((key) => keptPrefix.test(key));

    it('are not overwritten without the name of the bucket; what is missing is copied, the database swapped', async () => {
      await changeAfterBackup(6, [2, 3]);
      const said = await stand.restore('--confirm', 'company');
      expect(said.status, said.text).toBe(4);
      expect(await stand.liveText('receipts/1.pdf')).toBe(textOf(1));
      expect(await stand.liveText('receipts/2.pdf')).toBe('newer 2');
      expect(await stand.liveText('receipts/3.pdf')).toBe('newer 3');
      expect(await keptKeys()).toEqual([]);
      expect(said.text).toContain(`--confirm ${bucket}`);
      expect(said.text).toMatch(/company is now the restored database/);
    });

    it('are kept and overwritten after the swap once the bucket is named, and a roll-back brings them back', async () => {
      await changeAfterBackup(6, [2, 3]);
      const { logFolder } = await stand.restore('--confirm', 'company');
      const said = await stand.resume(logFolder, '--yes', '--confirm', bucket);
      expect(said.status, said.text).toBe(0);
      expect(await stand.liveText('receipts/2.pdf')).toBe(textOf(2));
      const kept = await keptKeys();
      expect(kept.map((key) => key.replace(keptPrefix, ''))).toEqual(['receipts/2.pdf', 'receipts/3.pdf']);
      expect(await stand.liveText(kept[0] ?? '')).toBe('newer 2');
      expect(await checksIn(logFolder)).toMatch(
        /mirror-objects passed: 6 of 6 objects equal by size and MD5[\s\S]*mirror-objects passed: 2 overwritten objects are kept below \.thaw-before-/,
      );
      // What was kept is no part of the company's objects.
      await stand.company.backUp();
      expect((await stand.mirror.keys()).filter((key) => key.includes('.thaw-before-'))).toEqual([]);
      const undone = await stand.company.thaw('rollback', '--log-dir', logFolder, '--confirm', 'company');
      expect(undone.status, undone.text).toBe(0);
      expect(await stand.liveText('receipts/2.pdf')).toBe('newer 2');
      expect(await stand.liveText('receipts/3.pdf')).toBe('newer 3');
      expect(await stand.liveText('receipts/4.pdf')).toBe(textOf(4));
    });

    it('are dropped by thaw finish, but for the last copy of what is in place no more', async () => {
      await changeAfterBackup(6, [2, 3]);
      const said = await stand.restore('--confirm', 'company', '--confirm', bucket);
      expect(said.status, said.text).toBe(0);
      const [two = ''] = await keptKeys();
      await stand.live.remove(['receipts/2.pdf']);
      const [, old = ''] = /the old database is kept as (\S+);/.exec(said.text) ?? [];
      const names = [old, two.replace(/receipts.*/, '')];
      const confirm = names.flatMap((name) => ['--confirm', name]);
      const end = await stand.company.thaw('finish', '--log-dir', said.logFolder, ...confirm);
      expect(end.status, end.text).toBe(0);
      expect(end.text).toMatch(
        /1 objects stay below \.thaw-before-[0-9a-f]{6}\/: nothing stands in their place any more \(receipts\/2\.pdf\)/,
      );
      expect(await keptKeys()).toEqual([two]);
      expect(await stand.liveText(two)).toBe('newer 2');
      expect(await stand.liveText('receipts/3.pdf')).toBe(textOf(3));
    });

    it('stay as they are when the answer is to keep them, and then the step could not verify', async () => {
      await changeAfterBackup(6, [2, 3]);
      const { logFolder, status, text } = await stand.restore(
        '--confirm',
        'company',
        '--answer',
        'mirror-objects.overwrite=keep',
      );
      expect(status, text).toBe(7);
      expect(await stand.liveText('receipts/2.pdf')).toBe('newer 2');
      expect(await checksIn(logFolder)).toMatch(
        /mirror-objects could-not-verify: 2 objects differ and the live ones were kept: objects\/receipts\/2\.pdf; objects\/receipts\/3\.pdf/,
      );
      expect(await keptKeys()).toEqual([]);
    });

    it('lose none of their former contents when the run is killed in the middle', async () => {
      const newer = Array.from({ length: 58 }, (_, index) => index + 3);
      await changeAfterBackup(60, newer);
      const logFolder = await stand.newLogFolder();
      const child = stand.startRestore(logFolder, '--confirm', 'company', '--confirm', bucket);
      await killAt(child, /kept and overwritten {2}objects\/receipts/);
      const kept = await keptKeys();
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.length).toBeLessThan(newer.length);
      const said = await stand.resume(logFolder, '--yes', '--confirm', bucket);
      expect(said.status, said.text).toBe(0);
      for (const number of newer) expect(await stand.liveText(`receipts/${number}.pdf`)).toBe(textOf(number));
      const all = await keptKeys();
      expect(all).toHaveLength(newer.length);
      for (const key of all) {
        const number = /(\d+)\.pdf$/.exec(key)?.[1];
        expect(await stand.liveText(key)).toBe(`newer ${number}`);
      }
    });
  });
}

function killAt(child: ReturnType<ObjectStand['startRestore']>, wanted: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    let seen = false;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (seen || !wanted.test(text)) return;
        seen = true;
        child.kill('SIGKILL');
      });
    child.once('close', () => (seen ? resolve() : reject(new Error(`It never says ${wanted}:\n${text}`))));
  });
}
