import { join } from 'node:path';
import { expect } from 'vitest';
import { runThaw, thawHere } from '../parts/thaw.ts';
import { makeTmpfs } from '../parts/tmpfs.ts';
import { type Command, type SwapStand, startSwapStand } from '../scenarios/swap/stand.ts';
import { freezePostgres, restartPostgres } from './postgres-processes.ts';
import { type Begun, begunRun, expectRecord, type Scene, type Walk } from './trial.ts';

/** A database, and its dumps in a folder: a walk of two seconds. */

const ends: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  live: { shop: 'restored', shop__before_: 'old' },
  drill: { shop: 'old' },
  rollback: { shop: 'old', shop__undone_: 'restored' },
};

/** Enough for what a walk writes, and soon full. */
const diskBytes = 48 << 20;

export async function startShop(): Promise<Scene> {
  const stand = await startSwapStand();
  const disk = await makeTmpfs({ folder: join(stand.folder, 'disk'), sizeBytes: diskBytes });
  let walks = 0;

  function begin(walk: Walk, logs: string): Begun {
    const as = 'superuser';
    const request = (words: readonly string[], name?: string) =>
      stand.request({ as, logs, action: words, confirm: name === undefined ? [] : [name] });
    const first: Readonly<Record<string, Command>> = {
      live: { as, logs },
      rollback: { as, logs, action: ['rollback'] },
      drill: { as, logs, action: ['drill', 'shop.yaml', '--yes', '--snapshot', 'latest'], confirm: [] },
    };
    return {
      walk,
      logs,
      runbook: stand.runbook,
      first: stand.request(first[walk] ?? { as, logs }),
      resume: stand.request({ as, logs, action: ['resume'] }),
      request,
      run: (one) => (one.through === undefined ? thawHere(one) : runThaw(one)),
    };
  }

  async function expectAfter(walk: Walk, said: string): Promise<void> {
    expect(await stand.databases(), said).toEqual(ends[walk]);
    expect(await stand.isOpen('shop'), said).toBe(true);
    expect((await rolesOfRuns(stand)).map(({ rolname }) => rolname).join(', '), said).toBe('');
  }

  /** The end of a live restore, and of its roll-back, tells of this command. */
  async function finishRollback({ logs, request }: Begun, said: string): Promise<void> {
    const words = ['finish', (await begunRun(logs)) ?? ''];
    const end = await thawHere(request(words, await stand.nameOf(/__undone_/)));
    expect(end.status, `${said}\n--- finish\n${end.text}`).toBe(0);
    expect(await stand.databases(), `${said}\n--- finish\n${end.text}`).toEqual({ shop: 'old' });
  }

  return {
    async prepare(walk) {
      await stand.reset();
      // What the walks before have written would fill the disk.
      await disk.empty();
      walks += 1;
      const logs = join(disk.folder, `logs-${walks}`);
      if (walk === 'rollback') {
        const end = await thawHere(begin('live', logs).first);
        expect(await stand.databases(), end.text).toEqual(ends.live);
      }
      return begin(walk, logs);
    },
    async expectNothingLost(said) {
      // Two operators may have kept one each.
      const contents = await stand.contents();
      expect(
        contents.filter((content) => content === 'old'),
        said,
      ).toHaveLength(1);
      expect(['old', 'restored'], said).toContain((await stand.databases()).shop);
    },
    expectEnd: ({ walk }, said) => expectAfter(walk, said),
    async undo({ walk, logs }, said) {
      if (walk !== 'live') return;
      const back = begin('rollback', logs);
      const { text } = await thawHere(back.first);
      await expectAfter('rollback', `${said}\n--- rollback\n${text}`);
      await expectRecord(back, `${said}\n--- rollback\n${text}`);
      await finishRollback(back, said);
    },
    async overtake() {
      const end = await thawHere(begin('live', join(disk.folder, `others-${walks}`)).first);
      return end.status === 3 ? 'refused' : 'done';
    },
    // Each walk begins with everything anew.
    recover: async () => {},
    restartServer: () => restartPostgres(stand.cluster.url),
    freezeServer: (forMs) => freezePostgres(stand.cluster.url, forMs),
    async remove() {
      await disk.remove();
      await stand.remove();
    },
  };
}

function rolesOfRuns(stand: SwapStand) {
  return stand.cluster.sql('postgres', "SELECT rolname FROM pg_roles WHERE rolname LIKE 'thaw%'");
}
