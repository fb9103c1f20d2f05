import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runIds } from '../parts/run-log.ts';
import { type Command, type SwapStand, startSwapStand } from '../scenarios/swap/stand.ts';
import { type Act, type Disturbed, type Moment, runDisturbed, toldCommands } from './effects.ts';

/** What a walk and its roll-back come to, whatever happened in between; looked at without thaw. */

export type Walk = 'live' | 'drill' | 'rollback';

/** How a fault ended, as docs/faults.md has it. */
export type Verdict =
  | 'survived'
  /** It was over; `thaw resume`, or the same command again, brought it to the same end. */
  | 'gone on with'
  | 'never came';

export type Trial = {
  readonly walk: Walk;
  readonly effect: string;
  readonly fault: string;
  readonly verdict: Verdict;
};

const ends: Readonly<Record<Walk, Readonly<Record<string, string>>>> = {
  live: { shop: 'restored', shop__before_: 'old' },
  drill: { shop: 'old' },
  rollback: { shop: 'old', shop__undone_: 'restored' },
};

export type FaultStand = {
  readonly stand: SwapStand;
  /** The effects of an undisturbed walk, in their order. */
  record(walk: Walk): Promise<readonly string[]>;
  /** One fault at one moment: then whatever a person is told to do, to the end, and back again. */
  tryOne(fault: {
    readonly walk: Walk;
    readonly at: Moment;
    readonly act: Act;
    readonly how: string;
  }): Promise<Verdict>;
  remove(): Promise<void>;
};

export async function startFaultStand(): Promise<FaultStand> {
  const stand = await startSwapStand();
  const command = (walk: Walk, logs: string): Command => {
    if (walk === 'live') return { as: 'superuser', logs };
    if (walk === 'rollback') return { as: 'superuser', logs, action: ['rollback'] };
    const action = ['drill', 'shop.yaml', '--yes', '--snapshot', 'latest'];
    return { as: 'superuser', logs, action, confirm: [] };
  };

  /** Everything before the walk itself. */
  async function prepare(walk: Walk): Promise<Command> {
    await stand.reset();
    const logs = stand.newLogs();
    if (walk === 'rollback') {
      const end = await stand.run(command('live', logs));
      expect(await stand.databases(), end.text).toEqual(ends.live);
    }
    return command(walk, logs);
  }

  /** At any moment: the old database is somewhere, whole, once; and under its name there is a whole one. */
  async function expectNothingLost(said: string): Promise<void> {
    const now = await stand.databases();
    expect(
      Object.values(now).filter((content) => content === 'old'),
      said,
    ).toHaveLength(1);
    expect(['old', 'restored'], said).toContain(now.shop);
  }

  /** @param after locks of a process that died after its last word: the next one that works there takes them away. */
  async function expectEnd(
    walk: Walk,
    ...[logs, said, after]: [string, string, 'a fault' | 'a whole command']
  ): Promise<void> {
    expect(await stand.databases(), said).toEqual(ends[walk]);
    expect(await stand.isOpen('shop'), said).toBe(true);
    const roles = await stand.cluster.sql(
      'postgres',
      "SELECT rolname FROM pg_roles WHERE rolname LIKE 'thaw%'",
    );
    expect(roles, said).toEqual([]);
    const runId = (await runIds(logs)).find((id) => hasFacts(join(logs, id))) ?? '';
    const verified = await stand.run({
      ...command('live', logs),
      action: ['records', 'verify', runId],
      confirm: [],
    });
    expect(verified.status, `${said}\n${verified.text}`).toBe(0);
    expect(strangers(logs, after === 'a fault'), said).toEqual([]);
  }

  /** What a person does: goes on with the run, or begins anew where there is none. */
  async function goOn(walk: Walk, logs: string): Promise<string> {
    let said = '';
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const begun = (await runIds(logs)).some((id) => hasFacts(join(logs, id)));
      const next = walk === 'rollback' || !begun ? command(walk, logs) : resumeOf(walk, logs);
      const end = await stand.run(next);
      said += `\n--- ${next.action?.join(' ') ?? 'restore'}: ${end.status}\n${end.text}`;
      if (isDone(end.text)) break;
    }
    return said;
  }

  const resumeOf = (walk: Walk, logs: string): Command => ({
    ...command(walk, logs),
    action: ['resume', '--yes', '--snapshot', 'latest'],
  });

  /** A drill that could not take away all it made says who can. */
  async function discardWhatIsLeft(said: string, logs: string): Promise<string> {
    const [, runId] = /Then `thaw discard (\S+)` takes away what is left/.exec(said) ?? [];
    if (runId === undefined) return '';
    const end = await stand.run({ ...command('live', logs), action: ['discard', runId], confirm: [runId] });
    expect(end.status, `${said}\n--- discard\n${end.text}`).toBe(0);
    return `\n--- discard: ${end.status}\n${end.text}`;
  }

  async function expectToldLeadsOn({ text }: Pick<Disturbed, 'text'>, logs: string): Promise<void> {
    for (const told of toldCommands(text)) {
      const [, verb = '', ...words] = told.split(' ');
      // These are done by whoever goes on, and what somebody else would do is not done here.
      if (['resume', 'rollback', 'discard', 'restore', 'cell', 'backup'].includes(verb)) continue;
      const end = await stand.run({ ...command('live', logs), action: [verb, ...words], confirm: [] });
      expect([2, 70], `${told} is told, and says: ${end.text}`).not.toContain(end.status);
    }
  }

  return {
    stand,
    async record(walk) {
      const undisturbed = await runDisturbed(stand.request(await prepare(walk)));
      expect(await stand.databases(), undisturbed.text).toEqual(ends[walk]);
      return undisturbed.effects;
    },
    async tryOne({ walk, at, act, how }) {
      const one = await prepare(walk);
      const plan = `${walk}: ${how} ${JSON.stringify(at)}`;
      const disturbed = await runDisturbed(stand.request(one), { at, act });
      if (!disturbed.came) return 'never came';
      let said = `${plan}\n${disturbed.text}`;
      await expectNothingLost(said);
      expect(disturbed.status, said).not.toBe(70);
      await expectToldLeadsOn(disturbed, one.logs);
      const survived = disturbed.signal === undefined && isDone(disturbed.text);
      if (!survived) said += await goOn(walk, one.logs);
      said += await discardWhatIsLeft(said, one.logs);
      await expectEnd(walk, one.logs, said, 'a fault');
      if (walk === 'live') {
        const back = await stand.run(command('rollback', one.logs));
        await expectEnd('rollback', one.logs, `${said}\n--- rollback\n${back.text}`, 'a whole command');
      }
      return survived ? 'survived' : 'gone on with';
    },
    remove: () => stand.remove(),
  };
}

function isDone(text: string): boolean {
  return /The walk is over|It is written now|is finished|is the old database again/.test(text);
}

function hasFacts(folder: string): boolean {
  const journal = join(folder, 'journal.jsonl');
  return existsSync(journal) && readFileSync(journal, 'utf8').includes('\n');
}

/** Files in the log folder that no finished run leaves. */
function strangers(logs: string, mayHold: boolean): readonly string[] {
  const known =
    /^(chain-heads\.jsonl|backup-drills\.md|chains\.json|\.locks|\.locks\/[\w-]+\.guard|[\w-]+|[\w-]+\/(journal\.jsonl|record\.(md|html|json)|output|output\/[\w-]+\.log))$/;
  const neverBegun = new Set(readdirSync(logs).filter((id) => /^\d/.test(id) && !hasFacts(join(logs, id))));
  return readdirSync(logs, { recursive: true, encoding: 'utf8' })
    .filter((path) => !neverBegun.has(path.split('/')[0] ?? ''))
    .filter((path) => !(mayHold && /^\.locks\/(run|target|index|chain-heads)[\w-]*$/.test(path)))
    .filter((path) => !known.test(path) || path.split('/')[1]?.startsWith('work') === true)
    .toSorted();
}

const results = join(import.meta.dirname, '../../.thaw/results');

/** For docs/faults.md (`scripts/write-faults.ts`). */
export function keepTrials(name: string, trials: readonly Trial[]): void {
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${name}.faults.json`), JSON.stringify(trials, undefined, 1));
}

/** What was expected stands at the end, behind all that was said. */
export function shortly(error: unknown): string {
  const text = String(error);
  return text.length < 4000 ? text : `… ${text.slice(-4000)}`;
}
