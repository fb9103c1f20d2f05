import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newestRun, runIds } from '../parts/run-log.ts';
import type { RunningThaw } from '../parts/thaw.ts';
import { type Outcome, type Stand, startStand } from '../scenarios/kill-and-resume/stand.ts';
import { drawFrom, seed } from './draw.ts';

/**
 * A restore that dies at moments nobody chose, one to three times, alone or with every program it works with, its last line torn or
 * not: it must end as an undisturbed one does. The company's services are none of these programs: Docker would keep them. What dies when is drawn from the seed; the same seed dies at the same moments of
 * the clock, which are not quite the same moments of the walk.
 */
const rounds = Number(process.env.THAW_TEST_FAULTS ?? 12);

type Death = {
  readonly share: number;
  readonly how: 'alone' | 'with-children' | 'asked';
  readonly torn: boolean;
};

function deathsOf(round: number): readonly Death[] {
  const draw = drawFrom(seed + round * 7919);
  return Array.from({ length: 1 + Math.floor(draw() * 3) }, () => ({
    share: draw(),
    how: (['alone', 'with-children', 'asked'] as const)[Math.floor(draw() * 3)] ?? 'alone',
    torn: draw() < 0.3,
  }));
}

describe(`A restore killed at random moments (THAW_TEST_SEED=${seed})`, () => {
  let stand: Stand;
  let undisturbed: Outcome;
  let spanMs = 0;

  beforeAll(async () => {
    stand = await startStand();
    const logFolder = await stand.newLogFolder();
    const startMs = performance.now();
    const end = await stand.run({ logFolder });
    spanMs = performance.now() - startMs;
    expect(end, end.text).toMatchObject({ status: 0 });
    undisturbed = await stand.outcome(logFolder);
    await stand.loseAgain(logFolder);
  });
  afterEach(() => stand.calm());
  afterAll(() => stand?.remove());

  it.each(Array.from({ length: rounds }, (_, index) => ({ round: index + 1, deaths: deathsOf(index + 1) })))(
    'ends as an undisturbed run, round $round',
    async ({ round, deaths }) => {
      const logFolder = await stand.newLogFolder();
      const plan = `Round ${round} of seed ${seed}: ${JSON.stringify(deaths)}`;
      try {
        for (const death of deaths) await dieOnce(logFolder, death);
        const said = await comeToAnEnd(logFolder);
        expect(await stand.outcome(logFolder), `${plan}\n${said}`).toEqual(undisturbed);
        const action = ['records', 'verify', await newestRun(logFolder)];
        const verified = await stand.run({ logFolder, action });
        expect(verified.status, `${plan}\n${verified.text}`).toBe(0);
      } finally {
        // Also after a failure: what it left would be told of every round that comes.
        await stand.loseAgain(logFolder);
      }
    },
  );

  /** Starts the run, or goes on with it, and ends it at its moment; one that was over before is left at that. */
  async function dieOnce(logFolder: string, { share, how, torn }: Death): Promise<void> {
    const thaw = stand.start({ logFolder, ...(await nextAction(logFolder)) });
    await Promise.race([sleep(share * spanMs), thaw.ended]);
    await endIt(thaw, { how, spared: await servicePids() });
    const { status, signal } = await thaw.ended;
    const journal = await journalIn(logFolder);
    if (torn && signal === 'SIGKILL' && journal !== undefined && status === undefined)
      await appendFile(journal, '{"seq":999,"at":"20');
  }

  async function servicePids(): Promise<ReadonlySet<number>> {
    const { services } = JSON.parse(await readFile(join(stand.nimara.folder, 'services.json'), 'utf8'));
    const pidFiles: readonly string[] = services.map(({ pidFile }: { pidFile: string }) => pidFile);
    const texts = await Promise.all(pidFiles.map((path) => readFile(path, 'utf8').catch(() => '')));
    return new Set(texts.map((text) => Number.parseInt(text, 10)));
  }

  async function comeToAnEnd(logFolder: string): Promise<string> {
    const told: string[] = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const next = await nextAction(logFolder);
      const end = await stand.run({ logFolder, ...next });
      told.push(end.text);
      if (end.status === 0 || /has finished already/.test(end.text)) break;
    }
    return told.join('\n');
  }

  /** A run that died before its first fact was written never began. */
  async function nextAction(logFolder: string): Promise<{ readonly action?: readonly string[] }> {
    const journal = await journalIn(logFolder);
    const began = journal !== undefined && (await readFile(journal, 'utf8')).includes('\n');
    return began ? { action: ['resume', await newestRun(logFolder)] } : {};
  }

  async function journalIn(logFolder: string): Promise<string | undefined> {
    const id = (await runIds(logFolder)).at(-1);
    if (id === undefined) return undefined;
    const folder = join(logFolder, id);
    return (await readdir(folder)).includes('journal.jsonl') ? join(folder, 'journal.jsonl') : undefined;
  }
});

async function endIt(
  thaw: RunningThaw,
  { how, spared }: { readonly how: Death['how']; readonly spared: ReadonlySet<number> },
): Promise<void> {
  if (how === 'asked') return thaw.kill('SIGTERM');
  // Stopped first: what it starts while they are looked for would live on, unknown to anybody.
  if (how === 'with-children') thaw.kill('SIGSTOP');
  const children = how === 'with-children' ? await descendantsOf(thaw.pid, spared) : [];
  thaw.kill('SIGKILL');
  for (const pid of children) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in between.
    }
  }
}

/** As /proc tells it; the fourth field of stat, after a name that may hold anything, is the parent. */
async function descendantsOf(root: number, spared: ReadonlySet<number>): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (parent > 0) parents.set(Number(name), parent);
  }
  const isBelow = (pid: number): boolean => {
    if (spared.has(pid)) return false;
    const parent = parents.get(pid);
    return parent !== undefined && (parent === root || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}
