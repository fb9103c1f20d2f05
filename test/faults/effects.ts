import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningThaw, startThaw, type ThawEnd, type ThawRequest } from '../parts/thaw.ts';

/** Effects of one process of thaw, enumerated by `inject.js`: whatever it does to the world is in the list by itself. */

export type Phase = 'before' | 'after';

/** The nth effect of that name, or the effect of that number counted over all of them. */
export type Moment = { readonly phase: Phase } & (
  | { readonly name: string; readonly nth: number }
  | { readonly number: number }
);

/** What becomes of the process as it goes on: its connections are closed, or its clock is set back an hour. */
export type Left = 'cut' | 'clock' | undefined;

/** What is done while the process stands still. */
type Act = (thaw: RunningThaw) => Promise<Left>;

export type Disturbed = ThawEnd & {
  /** Whether it came to that moment at all. */
  readonly came: boolean;
  readonly effects: readonly string[];
};

const inject = join(import.meta.dirname, 'inject.js');

/** Runs thaw, and does something at exactly one moment of it. */
export async function runDisturbed(
  request: ThawRequest,
  disturb?: { readonly at: Moment; readonly act: Act },
): Promise<Disturbed> {
  const folder = mkdtempSync(join(tmpdir(), 'thaw-effects-'));
  writeFileSync(join(folder, 'effects'), '');
  if (disturb !== undefined) writeFileSync(join(folder, 'plan'), JSON.stringify(disturb.at));
  const env = { ...request.env, NODE_OPTIONS: `--import=${inject}`, THAW_TEST_EFFECTS: folder };
  const thaw = startThaw({ ...request, env });
  const asked = disturb === undefined ? Promise.resolve(false) : actOnce(thaw, { folder, act: disturb.act });
  const end = await thaw.ended;
  const effects = readFileSync(join(folder, 'effects'), 'utf8').trimEnd().split('\n');
  return { ...end, came: await asked, effects };
}

async function actOnce(
  thaw: RunningThaw,
  { folder, act }: { readonly folder: string; readonly act: Act },
): Promise<boolean> {
  let isOver = false;
  void thaw.ended.then(() => {
    isOver = true;
  });
  while (!existsSync(join(folder, 'asks'))) {
    if (isOver) return false;
    await sleep(5);
  }
  writeFileSync(join(folder, 'answer'), (await act(thaw)) ?? 'go on');
  return true;
}

/** Effects in the order of their beginning. */
export function begun(effects: readonly string[]): readonly string[] {
  return effects.flatMap((line) => (line.startsWith('before ') ? [line.slice('before '.length)] : []));
}

/** Each name once, with how often. */
export function countNames(effects: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of begun(effects)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Commands that a person is told to type: what stands between backticks, or behind "Go on with:". */
export function toldCommands(text: string): readonly string[] {
  const told = [...text.matchAll(/`(thaw [^`\n]+)`|Go on with: (thaw [^\n]+)/g)];
  return [...new Set(told.map(([, quoted, plain]) => (quoted ?? plain ?? '').trim()))];
}
