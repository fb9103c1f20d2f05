import { setTimeout as sleep } from 'node:timers/promises';
import { type Lock, takeLock } from '../adapters/disk/run-lock.ts';
import type { Outcome } from '../base/failure.ts';

const lookAgainMs = 100;
const mostTries = 20;

/** For what is held as long as one line takes: two runs may end in the same moment. */
export async function takeLockSoon(path: string): Promise<Outcome<Lock>> {
  for (let tries = 1; ; tries += 1) {
    const lock = await takeLock({ path });
    if (lock.ok || tries >= mostTries) return lock;
    await sleep(lookAgainMs);
  }
}
