import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'vitest';
import { listDatabases } from '../parts/count-rows.ts';
import { namesBucket } from '../parts/lost-production.ts';
import { runThaw } from '../parts/thaw.ts';
import { makeTmpfs } from '../parts/tmpfs.ts';
import { type Command, startStand } from '../scenarios/kill-and-resume/stand.ts';
import { freezePostgres, restartPostgres } from './postgres-processes.ts';
import { type Begun, expectRecord, type Scene, type Walk } from './trial.ts';

/**
 * Port Nimara: dumps in an S3 store, sealed with OpenPGP; a bucket that is mirrored, three of its objects in an older version; services
 * that write, and come back at the end, as processes or as containers.
 */

const diskBytes = 96 << 20;
const older = Buffer.from('an older version');
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

export const startCompany = (): Promise<Scene> => startScene('company');
export const startContainers = (): Promise<Scene> => startScene('compose');

async function startScene(live: 'company' | 'compose'): Promise<Scene> {
  const stand = await startStand(live === 'company' ? 'process' : 'compose');
  const back = `${live}-rollback` as const;
  const { nimara } = stand;
  const disk = await makeTmpfs({ folder: join(nimara.folder, 'disk'), sizeBytes: diskBytes });
  const { url } = nimara.production;
  let walks = 0;
  let production = '';

  function begin(walk: Walk, logs: string): Begun {
    const request = (command: Omit<Command, 'logFolder'>) => {
      const one = stand.request({ ...command, logFolder: logs });
      const names = ['restore', 'resume', 'rollback'].includes(one.args[0] ?? '') ? namesBucket(nimara) : [];
      return { ...one, args: [...one.args, ...names] };
    };
    return {
      walk,
      logs,
      runbook: stand.runbook,
      first: walk === live ? request({}) : request({ action: ['rollback'] }),
      resume: request({ action: ['resume'] }),
      request: (words, name) =>
        request({ action: name === undefined ? words : [...words, '--confirm', name], confirm: false }),
      run: runThaw,
    };
  }

  async function newWalk(): Promise<string> {
    for (const key of chosen) await nimara.live.put(key, older);
    production = await nameAndId(url);
    // What the walks before have written would fill the disk.
    await disk.empty();
    walks += 1;
    return join(disk.folder, `logs-${walks}`);
  }

  async function look() {
    const objects = unmarked(await nimara.live.digests());
    return { objects, databases: (await listDatabases(url)).map(withoutMark) };
  }

  async function outcome(logs: string) {
    const found = await stand.outcome(logs);
    return { ...found, objects: unmarked(found.objects) };
  }

  /** Once undisturbed, there and back: what every other one is held against. */
  let chosen: readonly string[] = [];
  const first = begin(live, join(disk.folder, 'undisturbed'));
  const whole = await runThaw(first.first);
  expect(whole, whole.text).toMatchObject({ status: 0 });
  const backedUp = (await stand.outcome(first.logs)).objects;
  await stand.loseAgain(first.logs);
  chosen = [...backedUp.keys()].slice(0, 3);
  const there = begin(live, await newWalk());
  const restored = await runThaw(there.first);
  expect(restored, restored.text).toMatchObject({ status: 0 });
  const afterWalk = await outcome(there.logs);
  const rolledBack = await runThaw(begin(back, there.logs).first);
  expect(rolledBack, rolledBack.text).toMatchObject({ status: 0 });
  const afterRollback = await look();
  for (const key of chosen) expect(afterRollback.objects.get(key)).toBe(sha256(older));
  await stand.clearAway();

  return {
    async prepare(walk) {
      const begun = begin(walk, await newWalk());
      if (walk === live) return begun;
      const end = await runThaw(begin(live, begun.logs).first);
      expect(end, end.text).toMatchObject({ status: 0 });
      return begun;
    },
    async expectNothingLost(said) {
      const databases = await listDatabases(url);
      const id = production.split(' ')[1];
      expect(
        databases.filter((name) => name.split(' ')[1] === id),
        said,
      ).toHaveLength(1);
      expect(
        databases.filter((name) => name.startsWith('port_nimara_crm ')),
        said,
      ).toHaveLength(1);
      const objects = unmarked(await nimara.live.digests());
      for (const [key, digest] of objects) {
        // Kept beside, before or after a roll-back, it is the same object.
        const own = key.replace(/^(before|undone)\//, '');
        const versions = [backedUp.get(own), ...(chosen.includes(own) ? [sha256(older)] : [])];
        expect(versions, `${key}\n${said}`).toContain(digest);
      }
      for (const key of chosen) expect(objects.has(key), `${key} is lost\n${said}`).toBe(true);
    },
    async expectEnd({ walk, logs }, said) {
      if (walk === live) expect(await outcome(logs), said).toEqual(afterWalk);
      else expect(await look(), said).toEqual(afterRollback);
    },
    async undo({ walk, logs }, said) {
      if (walk === live) {
        const begun = begin(back, logs);
        const end = await runThaw(begun.first);
        expect(await look(), `${said}\n--- rollback ${end.status}\n${end.text}`).toEqual(afterRollback);
        await expectRecord(begun, `${said}\n--- rollback\n${end.text}`);
      }
      await stand.clearAway();
    },
    async recover({ logs }) {
      await runThaw(begin(back, logs).first);
      await stand.clearAway();
    },
    restartServer: () => restartPostgres(url),
    freezeServer: (forMs) => freezePostgres(url, forMs),
    async remove() {
      await disk.remove();
      await stand.remove();
    },
  };
}

async function nameAndId(url: string): Promise<string> {
  return (await listDatabases(url)).find((name) => name.startsWith('port_nimara_crm ')) ?? '';
}

/** Where a run keeps what it overwrites, whatever the run is called. */
function unmarked(objects: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map(
    [...objects].map(([key, digest]) => [key.replace(/^\.thaw-(before|undone)-[0-9a-f]+/, '$1'), digest]),
  );
}

function withoutMark(name: string): string {
  return name.replace(/ \d+$/, '').replace(/(__[a-z]+_)[0-9a-f]+$/, '$1');
}
