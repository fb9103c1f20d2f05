import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HttpFaults, serviceUnavailable, startHttpFaults } from '../../parts/http-faults.ts';
import { type S3Server, startRgw } from '../../parts/s3-servers.ts';
import { checksIn, type ObjectStand, startObjectStand } from './stand.ts';

/** A store that does not answer for a while, or stands still in the middle of an answer, in the middle of a restore. */

let server: S3Server;
let line: HttpFaults;
let stand: ObjectStand;

beforeAll(async () => {
  server = await startRgw();
  line = await startHttpFaults({ targetPort: server.port });
  stand = await startObjectStand({ ...server, endpoint: line.endpoint }, '25s');
});
afterAll(async () => {
  await stand?.remove();
  await line?.close();
  await server?.stop();
});
beforeEach(async () => {
  const numbers = Array.from({ length: 40 }, (_, index) => `receipts/${index + 1}.pdf`);
  await stand.backUpObjects(new Map(numbers.map((key) => [key, Buffer.from(`content of ${key}`)])));
  await stand.live.remove(await stand.live.keys());
});
afterEach(() => line.choose(() => 'pass'));

async function expectWhole(said: {
  readonly status: number | undefined;
  readonly text: string;
  readonly logFolder: string;
}) {
  expect(said.status, said.text).toBe(0);
  expect(await stand.live.keys()).toHaveLength(40);
  expect(await checksIn(said.logFolder)).toMatch(
    /mirror-objects passed: 40 of 40 objects equal by size and MD5/,
  );
}

describe('A store in the middle of a restore', () => {
  const isCopy = (method: string, path: string) => method === 'PUT' && path.includes('receipts/');

  it.each(['PUT', 'GET'])(
    'that answers each %s of an object with 503 for a quarter of a minute ends nothing, and the wait is told',
    async (verb) => {
      let untilMs = 0;
      let told = 0;
      line.choose(({ method, path }) => {
        if (method !== verb || !path.includes('receipts/')) return 'pass';
        if (untilMs === 0) untilMs = performance.now() + 15_000;
        if (performance.now() > untilMs) return 'pass';
        told += 1;
        return serviceUnavailable;
      });
      const said = await stand.restore('--confirm', 'company');
      await expectWhole(said);
      expect(told).toBeGreaterThan(5);
      expect(said.text).toMatch(/(Asked|Tried) again in \d+ s, for 25 s at most/);
    },
  );

  it('that cuts connections before and after it did what it was asked ends nothing', async () => {
    let count = 0;
    line.choose(({ method, path }) => {
      if (!isCopy(method, path) && !(method === 'GET' && path.includes('receipts/'))) return 'pass';
      count += 1;
      return count % 5 === 0 ? 'cut-before' : count % 7 === 0 ? 'cut-after' : 'pass';
    });
    await expectWhole(await stand.restore('--confirm', 'company'));
  });

  it('that stands still in the middle of an answer is asked again', async () => {
    let stalled = 0;
    line.choose(({ method, path }) => {
      if (method !== 'GET' || !/receipts\/(3|30)\.pdf/.test(path) || stalled >= 2) return 'pass';
      stalled += 1;
      return 'stall-body';
    });
    const beganMs = performance.now();
    await expectWhole(await stand.restore('--confirm', 'company'));
    expect(stalled).toBe(2);
    // Half a minute of silence, once, since both stand still at the same time.
    expect(performance.now() - beganMs).toBeLessThan(100_000);
  });

  it('that never answers again fails its step with words, and resume copies what is missing', async () => {
    let served = 0;
    line.choose(({ method, path }) => {
      if (!isCopy(method, path)) return 'pass';
      served += 1;
      return served > 10 ? serviceUnavailable : 'pass';
    });
    const said = await stand.restore('--confirm', 'company', '--answer', 'mirror-objects.failure=stop');
    expect(said.status, said.text).toBe(5);
    expect(said.text).toMatch(/is busy or in trouble/);
    line.choose(() => 'pass');
    const again = await stand.resume(said.logFolder, '--yes', '--confirm', 'company');
    await expectWhole({ ...again, logFolder: said.logFolder });
  });
});
