/** Time to end by itself between SIGTERM and SIGKILL. */
const graceMs = 5_000;

/** The child leads its own process group, so a negative id reaches its workers too. */
function signalGroup(processGroup: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-processGroup, signal);
  } catch {
    // Nobody is left in the group: that is what we want.
  }
}

type GroupKiller = {
  /** SIGTERM now, SIGKILL when the grace is over. Calling it twice changes nothing. */
  kill(): void;
  /** To be called when the leader has ended: sweeps up workers that outlived it. */
  leaderEnded(): void;
};

export function createGroupKiller(processGroup: number): GroupKiller {
  let timer: NodeJS.Timeout | undefined;
  return {
    kill: () => {
      if (timer !== undefined) return;
      signalGroup(processGroup, 'SIGTERM');
      timer = setTimeout(() => signalGroup(processGroup, 'SIGKILL'), graceMs);
    },
    leaderEnded: () => {
      // A leader that ended by itself may have left a daemon behind on purpose (gpg starts its agent): leave it.
      if (timer === undefined) return;
      clearTimeout(timer);
      signalGroup(processGroup, 'SIGKILL');
    },
  };
}
