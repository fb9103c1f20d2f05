import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { HostClock } from '../base/host-clock.ts';

/**
 * Time that nobody can set back: the clock of this host as it was when the program began, counted on by the time since the machine
 * started, sleep included. A run that goes on counts on from where it began, so that all its times stand on one line.
 */
export function createSteadyClock(): HostClock {
  const bootId = readBootId();
  let offsetMs = Date.now() - upMs();
  const now = () => Math.round(offsetMs + upMs());
  return {
    now,
    anchor: () => ({ bootId, offsetMs }),
    deviationMs: () => Date.now() - now(),
    goOn({ anchor, lastMs }) {
      if (bootId !== '' && anchor?.bootId === bootId) {
        offsetMs = anchor.offsetMs;
        return 'measured';
      }
      if (now() >= lastMs) return 'measured';
      offsetMs = lastMs - upMs();
      return 'unmeasured';
    },
  };
}

function upMs(): number {
  return uptime() * 1000;
}

/** Empty where the system does not say. */
function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
