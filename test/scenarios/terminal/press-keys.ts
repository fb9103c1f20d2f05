import type { PseudoTerminal } from '../../terminal/pseudo-terminal.ts';

export const keys = {
  up: '\x1b[A',
  down: '\x1b[B',
  escape: '\x1b',
  enter: '\r',
  tab: '\t',
  ctrlC: '\x03',
} as const;

export const database = 'harbour_crm';

/** A step may restore, mirror or start services before it asks the next thing. */
const longMs = 30_000;

/** Sentences are broken to fit the screen; this is what they say. */
export function textOf(rows: readonly string[]): string {
  return rows.join(' ').replace(/\s+/g, ' ');
}

/** A question takes keys as soon as they stand in the footer. */
export async function waitForKeys(thaw: PseudoTerminal, footer: string): Promise<readonly string[]> {
  return thaw.waitFor((rows) => rows.at(-2)?.includes(footer) === true, longMs);
}

export async function begin(thaw: PseudoTerminal): Promise<void> {
  await waitForKeys(thaw, 'y begin');
  thaw.write('y');
}

export async function waitForSnapshots(thaw: PseudoTerminal): Promise<readonly string[]> {
  await thaw.waitFor('Choose a snapshot', longMs);
  return waitForKeys(thaw, 'enter choose');
}

/** The newest complete one is marked from the beginning. */
export async function chooseNewest(thaw: PseudoTerminal): Promise<void> {
  await waitForSnapshots(thaw);
  thaw.write(keys.enter);
}

export async function waitForSwap(thaw: PseudoTerminal): Promise<readonly string[]> {
  await thaw.waitFor('Swap the restored database into place', longMs);
  return waitForKeys(thaw, 'enter swap');
}

/** Typed, seen, and only then sent: a line end inside a burst of letters does not count as Enter. */
export async function swap(thaw: PseudoTerminal): Promise<void> {
  await waitForSwap(thaw);
  thaw.write(database);
  await thaw.waitFor('the name matches: enter swaps');
  thaw.write(keys.enter);
}

export async function chooseAfterFailure(thaw: PseudoTerminal, label: string): Promise<void> {
  await waitForKeys(thaw, 'enter choose');
  for (let press = 0; press < 6 && !markedRow(thaw.screen()).includes(label); press += 1) {
    const before = markedRow(thaw.screen());
    thaw.write(keys.down);
    await thaw.waitFor((rows) => markedRow(rows) !== before);
  }
  await thaw.waitFor(`▸ ${label}`);
  thaw.write(keys.enter);
}

function markedRow(rows: readonly string[]): string {
  return rows.find((row) => row.startsWith(' ▸ ')) ?? '';
}

export async function typeText(thaw: PseudoTerminal, text: string): Promise<void> {
  thaw.write(text);
  // Where the line is short, only the end of what is typed stays in sight.
  await thaw.waitFor(`${text.slice(-8)}█`);
  thaw.write(keys.enter);
}

/** A person looks at the application and says that it is well. */
export async function attest(thaw: PseudoTerminal, note: string): Promise<void> {
  await waitForKeys(thaw, 'p passed');
  thaw.write('p');
  await thaw.waitFor('Passed; a note:');
  await typeText(thaw, note);
}

export async function waitForEnd(thaw: PseudoTerminal): Promise<readonly string[]> {
  return waitForKeys(thaw, 'any key leaves');
}

export async function leaveEnd(thaw: PseudoTerminal): Promise<number> {
  thaw.write(' ');
  return (await thaw.exit).status;
}
