import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findRgw } from '../parts/find-s3-servers.ts';
import { damageCases } from './bad-input/damage-cases.ts';
import { hostCases } from './bad-input/host-cases.ts';
import { keyCases } from './bad-input/key-cases.ts';
import { type Case, type Look, type Stand, type Start, startStand } from './bad-input/stand.ts';
import { storeCases } from './bad-input/store-cases.ts';

const rgw = await findRgw();
if ('binary' in rgw) describe('Bad input', badInput);
else {
  it('is NOT tried without Ceph RGW', () => {
    process.stderr.write(`\nBad input is NOT tried: ${rgw.absentBecause}.\n`);
  });
}

function badInput() {
  let stand: Stand;

  beforeAll(async () => {
    stand = await startStand();
  });
  afterAll(() => stand?.remove());

  async function expectRefusal(start: Start, one: Case): Promise<void> {
    const end = await stand.restore(start);
    expect(end, end.text).toMatchObject({ status: one.status });
    expect(end.text).toMatch(one.says);
    expect(end.text).toMatch(one.remedy);
    expect(stand.nimara.secrets.filter((secret) => end.text.includes(secret))).toEqual([]);
  }

  describe('that a look beforehand shows stops nothing', () => {
    for (const one of [...storeCases, ...keyCases, ...hostCases]) {
      it(`${one.wrong}: status ${one.status}, a remedy, and the writers write on`, async () => {
        const start = await one.prepare(stand);
        const lifeline = await stand.nimara.writers.lifeline();
        const before = await stand.look();
        try {
          await expectRefusal(start, one);
        } finally {
          await start.after?.();
        }
        const after = await stand.look();
        expect({ ...after, rows: {} }).toEqual({ ...before, rows: {} });
        expect(await stand.nimara.writers.lifeline()).toBe(lifeline);
        expect(after.rows['public.audit_logs']).toBeGreaterThan(before.rows['public.audit_logs'] ?? 0);
      });
    }
  });

  describe('that only unpacking shows changes neither database nor objects', () => {
    for (const one of damageCases) {
      it(`${one.wrong}: status ${one.status}, a remedy, production as it was`, async () => {
        const start = await one.prepare(stand);
        await stand.nimara.writers.stop();
        const before = await stand.look();
        let after: Look;
        try {
          await expectRefusal(start, one);
        } finally {
          after = await stand.look();
          await stand.nimara.writers.start();
        }
        // What was restored beside stays for a retry, under a name that says so.
        const databases = after.databases.filter((name) => !/^port_nimara_crm__restore_\w+ /.test(name));
        expect({ ...after, databases }).toEqual(before);
        await stand.nimara.untilWritersWrite();
      });
    }
  });

  it('a wrong ENCRYPTION_KEY that nothing told beforehand is found before the swap, and its cost is said', async () => {
    const before = await stand.look();
    const wrong = await stand.envFile((file) =>
      file.replace(/^ENCRYPTION_KEY=.*$/m, `ENCRYPTION_KEY=${'cd'.repeat(32)}`),
    );
    const end = await stand.restore({ env: { CRM_ENV_FILE: wrong } });
    expect(end, end.text).toMatchObject({ status: 1 });
    expect(end.text).toMatch(
      /system_settings: ENCRYPTION_KEY decrypts only 0 of 2 rows: it is another key, or the values are laid out otherwise .* If it is the key: Without the right key the OCR API keys/,
    );
    expect(end.text).toMatch(/\bfind the ENCRYPTION_KEY that was in use when the backup was taken/);
    // Writers are stopped, and nothing else has happened to production.
    await expect(fetch(`${stand.nimara.crmUrl}/health`)).rejects.toThrow();
    const kept = (await stand.look()).databases.filter((name) => name.includes('__before_'));
    expect(kept).toEqual(before.databases.filter((name) => name.includes('__before_')));
  });
}
