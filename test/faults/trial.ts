import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runIds } from '../parts/run-log.ts';
import type { RunningThaw, SaidHere, ThawRequest } from '../parts/thaw.ts';
import { createBudget } from './draw.ts';
import { type Disturbed, type Left, type Moment, runDisturbed, toldCommands } from './effects.ts';

/** One fault at one moment of a walk: then whatever a person is told to do, to the end, and a look without thaw. */

/** S3, OpenPGP, a bucket that is mirrored, and services: processes, or containers. */
type Company = 'company' | 'compose';
/** The first three are of a shop: a database, and its dumps in a folder. */
export type Walk = 'live' | 'drill' | 'rollback' | Company | `${Company}-rollback`;

/** How a fault ended, as docs/faults.md has it. */
export type Verdict =
  | 'survived'
  /** It was over; `thaw resume`, or the same command again, brought it to the same end. */
  | 'gone on with'
  /** `thaw resume` refused, named why, and changed nothing; mended, it went on. */
  | 'refused, then gone on with'
  /** Somebody else restored production meanwhile: neither undid what the other did. */
  | 'overtaken'
  | 'never came';

type Trial = {
  readonly walk: Walk;
  readonly effect: string;
  readonly fault: string;
  readonly verdict: Verdict;
};

/** A walk that is about to begin, after the loss and whatever else comes before it. */
export type Begun = {
  readonly walk: Walk;
  readonly logs: string;
  readonly runbook: string;
  readonly first: ThawRequest;
  readonly resume: ThawRequest;
  /** Any other command of thaw, with the name that is typed for it. */
  request(words: readonly string[], name?: string): ThawRequest;
  run(request: ThawRequest): Promise<SaidHere>;
};

/** What is walked, and what has to be true of it, looked at without thaw. */
export type Scene = {
  prepare(walk: Walk): Promise<Begun>;
  /** At any moment. */
  expectNothingLost(said: string): Promise<void>;
  /** After a walk that came to its end. */
  expectEnd(begun: Begun, said: string): Promise<void>;
  /** A restored production is rolled back, as a person may want to, and that is looked at, too. */
  undo(begun: Begun, said: string): Promise<void>;
  /** Somebody else restores the same production from another host, with a log of his own; whether he came to his end. */
  readonly overtake?: () => Promise<'done' | 'refused'>;
  /** After a walk that did not go as it should: the next one must not hear of it. */
  recover(begun: Begun): Promise<void>;
  restartServer(): Promise<void>;
  /** The server answers nobody for so long; resolves once it stands still. */
  freezeServer(forMs: number): Promise<void>;
  remove(): Promise<void>;
};

export type Fault = {
  readonly how: string;
  readonly phase: Moment['phase'];
  /** What is done while the process stands still. overtaken: production is another one. */
  readonly act: (at: {
    readonly thaw: RunningThaw;
    readonly scene: Scene;
    readonly begun: Begun;
  }) => Promise<Left | 'overtaken'>;
  /** What stands in the way when the process is over and somebody goes on. */
  readonly obstacle?: (begun: Begun) => Obstacle | undefined;
  /** How whoever comes next goes on with it, where that is not as it was begun; and what the record says of him. */
  readonly goesOn?: (begun: Begun) => ThawRequest;
  readonly told?: RegExp;
  /** A file is not reached over a connection. */
  readonly isPossible?: (walk: Walk, effect: string) => boolean;
};

type Obstacle = {
  readonly resume: ThawRequest;
  readonly status: number;
  readonly refusal: RegExp;
  mend(): void;
};

async function tryFault(
  scene: Scene,
  { walk, at, fault }: { readonly walk: Walk; readonly at: Moment; readonly fault: Fault },
): Promise<Verdict> {
  const begun = await scene.prepare(walk);
  try {
    return await lead(begun, { scene, at, fault });
  } catch (error) {
    await scene.recover(begun);
    throw error;
  }
}

async function lead(
  begun: Begun,
  of: { readonly scene: Scene; readonly at: Moment; readonly fault: Fault },
): Promise<Verdict> {
  const { scene, at, fault } = of;
  const { walk } = begun;
  let isOvertaken = false;
  const act = async (thaw: RunningThaw) => {
    const done = await fault.act({ thaw, scene, begun });
    isOvertaken = done === 'overtaken';
    return done === 'overtaken' ? undefined : done;
  };
  const disturbed = await runDisturbed(begun.first, { at, act });
  let said = `${walk}: ${fault.how} ${JSON.stringify(at)}\n${disturbed.text}`;
  if (disturbed.came) await scene.expectNothingLost(said);
  expect(disturbed.status, said).not.toBe(70);
  await expectToldLeadsOn(begun, disturbed);
  if (isOvertaken) return 'overtaken';
  const survived = disturbed.signal === undefined && isDone(disturbed.text);
  const obstacle = survived || !(await hasBegun(begun)) ? undefined : fault.obstacle?.(begun);
  if (obstacle !== undefined) said += await beRefused(scene, { begun, obstacle, before: said });
  const next = { ...begun, resume: fault.goesOn?.(begun) ?? begun.resume };
  if (!survived) said += await goOn(next, disturbed.text);
  said += await discardWhatIsLeft(begun, said);
  await scene.expectEnd(begun, said);
  await expectRecord(begun, said);
  if (fault.told !== undefined) await expectTold(begun, { told: fault.told, said });
  await scene.undo(begun, said);
  if (!disturbed.came) return 'never came';
  if (obstacle !== undefined) return 'refused, then gone on with';
  return survived ? 'survived' : 'gone on with';
}

/** Whoever goes on while something is in the way hears of it, and nothing changes. */
async function beRefused(
  scene: Scene,
  at: { readonly begun: Begun; readonly obstacle: Obstacle; readonly before: string },
): Promise<string> {
  const { begun, obstacle, before } = at;
  const end = await begun.run(obstacle.resume);
  const said = `\n--- in the way: ${end.status}\n${end.text}`;
  expect(end.status, before + said).toBe(obstacle.status);
  expect(end.text, before + said).toMatch(obstacle.refusal);
  await scene.expectNothingLost(before + said);
  obstacle.mend();
  return said;
}

/** What a person does: goes on with the run, or begins anew where there is none. */
async function goOn(begun: Begun, before: string): Promise<string> {
  let said = '';
  let last = before;
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const isAnew = begun.walk.endsWith('rollback') || !(await hasBegun(begun));
    const next = isAnew && !lacksRecord(last) ? begun.first : begun.resume;
    const end = await begun.run(next);
    last = end.text;
    said += `\n--- ${next.args[0]}: ${end.status}\n${last}`;
    if (isDone(last)) break;
  }
  return said;
}

/** It came to its end, and only what tells of it is missing. */
function lacksRecord(text: string): boolean {
  return text.includes('writes the record from them');
}

/** A run that died before its first fact was written never began. */
async function hasBegun({ logs }: Begun): Promise<boolean> {
  return (await begunRun(logs)) !== undefined;
}

/** The one that has begun: whoever died before his first fact began anew. */
export async function begunRun(logs: string): Promise<string | undefined> {
  return (await runIds(logs)).find((id) => hasFacts(join(logs, id)));
}

/** A drill that could not take away all it made says who can. */
async function discardWhatIsLeft(begun: Begun, said: string): Promise<string> {
  const [, runId] = /Then `thaw discard (\S+)` takes away what is left/.exec(said) ?? [];
  if (runId === undefined) return '';
  const end = await begun.run(begun.request(['discard', runId], runId));
  expect(end.status, `${said}\n--- discard\n${end.text}`).toBe(0);
  return `\n--- discard: ${end.status}\n${end.text}`;
}

/** Each remedy that was told exists and may be typed as it stands. What goes on with the run, or undoes it, is typed later. */
async function expectToldLeadsOn(begun: Begun, { text }: Pick<Disturbed, 'text'>): Promise<void> {
  for (const told of toldCommands(text)) {
    const [, verb = '', ...words] = told.split(' ');
    if (['resume', 'rollback', 'discard', 'restore', 'cell', 'backup', 'finish', 'stop'].includes(verb))
      continue;
    const end = await begun.run(begun.request([verb, ...words]));
    expect([2, 70], `${told} is told, and says: ${end.text}`).not.toContain(end.status);
  }
}

/** The record is true of itself, and beside it lies nothing that no finished run leaves. */
export async function expectRecord(begun: Begun, said: string): Promise<void> {
  const { logs } = begun;
  const runId = (await begunRun(logs)) ?? '';
  const verified = await begun.run(begun.request(['records', 'verify', runId]));
  expect(verified.status, `${said}\n${verified.text}`).toBe(0);
  expect(strangers(logs).join(', '), said).toBe('');
}

/** Where somebody went on with it: what never began was begun anew, and what only lacked its record was not gone on with. */
async function expectTold(
  { logs }: Begun,
  { told, said }: { readonly told: RegExp; readonly said: string },
): Promise<void> {
  const runId = (await begunRun(logs)) ?? '';
  const read = (name: string) => readFileSync(join(logs, runId, name), 'utf8');
  if (read('journal.jsonl').includes('"kind":"run-resumed"')) expect(read('record.md'), said).toMatch(told);
}

function isDone(text: string): boolean {
  return (
    /The walk is over|It is written now|is finished|is the old database again/.test(text) &&
    !lacksRecord(text)
  );
}

function hasFacts(folder: string): boolean {
  const journal = join(folder, 'journal.jsonl');
  return existsSync(journal) && readFileSync(journal, 'utf8').includes('\n');
}

/** Files in the log folder that no finished run leaves, but for locks: the next one that works there takes them away. */
function strangers(logs: string): readonly string[] {
  const known =
    /^(chain-heads\.jsonl|backup-drills\.md|chains\.json|\.locks|\.locks\/[\w-]+\.guard|\.locks\/(run|target|index|chain-heads)[\w-]*(\.sock)?|[\w-]+|[\w-]+\/(journal\.(jsonl|torn)|record\.(md|html|json)|output|output\/[\w-]+\.log))$/;
  const neverBegun = new Set(readdirSync(logs).filter((id) => /^\d/.test(id) && !hasFacts(join(logs, id))));
  return readdirSync(logs, { recursive: true, encoding: 'utf8' })
    .filter((path) => !neverBegun.has(path.split('/')[0] ?? ''))
    .filter((path) => !known.test(path) || path.split('/')[1]?.startsWith('work') === true)
    .toSorted();
}

const results = join(import.meta.dirname, '../../.thaw/results');

/** For docs/faults.md (`scripts/write-faults.ts`). */
function keepTrials(name: string, trials: readonly Trial[]): void {
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${name}.faults.json`), JSON.stringify(trials, undefined, 1));
}

/** What was expected stands at the end, behind all that was said. */
function shortly(error: unknown): string {
  const text = String(error);
  return text.length < 4000 ? text : `… ${text.slice(-4000)}`;
}

export type Candidate = {
  readonly walk: Walk;
  readonly at: Moment;
  readonly fault: Fault;
  /** As it stands in docs/faults.md. */
  readonly effect: string;
};

/** One after the other, as far as the time goes; what failed is told at the end, all of it. */
export async function tryAll(
  scene: Scene,
  { name, candidates }: { readonly name: string; readonly candidates: readonly Candidate[] },
): Promise<void> {
  const budget = createBudget();
  const wanted = new RegExp(process.env.THAW_TEST_FAULT_ONLY ?? '');
  const trials: Trial[] = [];
  const failures: string[] = [];
  for (const { walk, at, fault, effect } of candidates) {
    if (budget.isOver()) break;
    const { how } = fault;
    if (!wanted.test(`${walk}, ${how} ${effect}`)) continue;
    try {
      const verdict = await tryFault(scene, { walk, at, fault });
      trials.push({ walk, effect, fault: how, verdict });
    } catch (error) {
      failures.push(`${walk}, ${how} ${effect} ${JSON.stringify(at)}: ${shortly(error)}`);
    }
  }
  keepTrials(name, trials);
  process.stdout.write(`thaw: ${name}: ${trials.length} of ${candidates.length} faults were tried\n`);
  expect(failures.join('\n=====\n')).toBe('');
  expect(trials.length).toBeGreaterThan(0);
}

/** The effects of a walk that nobody disturbs, in their order; production is lost again after it. */
export async function recordEffects(scene: Scene, walk: Walk): Promise<readonly string[]> {
  const begun = await scene.prepare(walk);
  const { effects, text } = await runDisturbed(begun.first);
  await scene.expectEnd(begun, text);
  await scene.undo(begun, text);
  return effects;
}
