import { describe, expect, it } from 'vitest';
import { type Layout, parseLayout } from '../../src/backups/layout.ts';
import { judgeTimes, recoveryMoment } from '../../src/backups/moments.ts';
import { planPrune } from '../../src/backups/prune-plan.ts';
import { isSound, listSnapshots, newestComplete } from '../../src/backups/snapshot.ts';

const layout = parseLayout('pg/{host}/{date}/{hour}.dump.gz[.gpg]') as Layout;
const at = (text: string) => Date.parse(text);
const nowMs = at('2026-04-28T15:00:00Z');
const object = (key: string, uploaded: string) => ({ key, sizeBytes: 1000, modifiedAtMs: at(uploaded) });
const genuine = object('pg/a/2026-04-28/14.dump.gz.gpg', '2026-04-28T14:05:00Z');

function only(key: string, uploaded: string) {
  const [snapshot] = listSnapshots({ layout, objects: [object(key, uploaded)], nowMs });
  if (snapshot === undefined) throw new Error('no snapshot');
  return snapshot;
}

describe('a snapshot that is dated ahead', () => {
  const forged = [1, 2, 3].map((hour) =>
    object(`pg/a/2099-01-0${hour}/0${hour}.dump.gz.gpg`, '2026-04-28T14:59:00Z'),
  );
  const objects = [genuine, ...forged];

  it('is never the latest, and stays in the list', () => {
    const found = listSnapshots({ layout, objects, nowMs });
    expect(found).toHaveLength(4);
    expect(found.filter(isSound)).toHaveLength(1);
    expect(newestComplete(found)?.key).toBe(genuine.key);
  });

  it('pushes no other out, and only a person removes it', () => {
    const rules = { hourly: 1, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 1 };
    const plan = planPrune({ layout, objects, nowMs, rules, artifacts: [] });
    expect(plan.remove).toEqual([]);
    expect(plan.keep.map(({ because }) => because).sort()).toEqual([
      ...forged.map(() => expect.stringContaining('which is still to come: look at it')),
      'the newest complete one',
    ]);
  });

  it('may be one of a host in another time zone: then the upload is its time', () => {
    const local = only('pg/a/2026-04-28/17.dump.gz', '2026-04-28T14:30:00Z');
    expect(local.doubt).toBeUndefined();
    expect(local.takenAtMs).toBe(at('2026-04-28T14:30:00Z'));
  });
});

describe('a plain dump where backups are encrypted', () => {
  const plain = object('pg/a/2026-04-28/14.dump.gz', '2026-04-28T14:50:00Z');
  const older = object('pg/a/2026-04-28/12.dump.gz.gpg', '2026-04-28T12:05:00Z');

  it('is never the latest, and pushes no encrypted one out', () => {
    const found = listSnapshots({ layout, objects: [plain, older], nowMs, encrypted: true });
    expect(newestComplete(found)?.key).toBe(older.key);
    const rules = { hourly: 1, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 1 };
    const objects = [plain, older];
    const plan = planPrune({ layout, objects, nowMs, encrypted: true, rules, artifacts: [] });
    expect(plan.remove).toEqual([]);
    expect(planPrune({ layout, objects, nowMs, rules, artifacts: [] }).remove).toHaveLength(1);
  });

  it('of the days before they were encrypted still goes by the rules, among its like', () => {
    const rules = { hourly: 1, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 1 };
    const objects = [older, plain, object('pg/a/2026-04-27/14.dump.gz', '2026-04-27T14:50:00Z')];
    const plan = planPrune({ layout, objects, nowMs, encrypted: true, rules, artifacts: [] });
    expect(plan.remove.map(({ key }) => key)).toEqual(['pg/a/2026-04-27/14.dump.gz']);
  });
});

describe('the moment of a dump', () => {
  const snapshot = only(genuine.key, '2026-04-28T14:05:00Z');
  const manifest = { takenAt: '2026-04-28T14:02:00.000Z' };

  it('is what the manifest says, where store and archive allow it', () => {
    const times = { snapshot, manifest, createdAtLocal: '2026-04-28 16:02:00' };
    expect(recoveryMoment(times)).toBe(at('2026-04-28T14:02:00Z'));
    expect(judgeTimes(times)).toEqual([]);
  });

  it('is never later than the store took it, whatever the manifest says', () => {
    const times = { snapshot, manifest: { takenAt: '2026-04-30T14:02:00.000Z' } };
    expect(recoveryMoment(times)).toBe(snapshot.uploadedAtMs);
    expect(judgeTimes(times)).toMatchObject([
      { verdict: 'could-not-verify', text: expect.stringContaining('the store took the dump before that') },
    ]);
  });

  it('is never later than the archive inside says, in any time zone', () => {
    const times = { snapshot, manifest, createdAtLocal: '2026-04-25 14:02:00' };
    expect(recoveryMoment(times)).toBe(at('2026-04-26T04:02:00Z'));
    expect(judgeTimes(times)).toMatchObject([
      { verdict: 'could-not-verify', text: expect.stringMatching(/3 d.* before the time that its manifest/) },
    ]);
  });

  it('of a script that names no more than the day may be a day apart', () => {
    const daily = { ...snapshot, takenAtMs: at('2026-04-28T00:00:00Z') };
    const times = (createdAtLocal: string) => ({ snapshot: daily, manifest: undefined, createdAtLocal });
    expect(judgeTimes(times('2026-04-28 23:30:00'))).toEqual([]);
    expect(judgeTimes(times('2026-04-20 23:30:00'))).toHaveLength(1);
    expect(judgeTimes(times('2026-05-20 23:30:00'))).toEqual([]);
  });
});
