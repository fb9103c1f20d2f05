export type StallWatch = {
  /** Output came or input went: the clock starts again. */
  sawLife(): void;
  stop(): void;
};

/** Calls `onStall` once when nothing happened for `stallMs` and `stillWorking`, where there is one, says no. */
export function watchForStall(request: {
  readonly stallMs: number | undefined;
  readonly stillWorking: (() => Promise<boolean>) | undefined;
  readonly onStall: () => void;
}): StallWatch {
  const { stallMs, stillWorking, onStall } = request;
  if (stallMs === undefined) return { sawLife: () => {}, stop: () => {} };
  let lastLifeMs = performance.now();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const look = async () => {
    const quietMs = performance.now() - lastLifeMs;
    if (quietMs < stallMs) return schedule(stallMs - quietMs);
    const working = stillWorking === undefined ? false : await stillWorking().catch(() => false);
    if (stopped) return;
    // Output may have come while the question was asked.
    if (working) lastLifeMs = performance.now();
    if (performance.now() - lastLifeMs < stallMs) return schedule(stallMs);
    stopped = true;
    onStall();
  };
  const schedule = (delayMs: number) => {
    if (!stopped) timer = setTimeout(() => void look(), Math.max(1, delayMs));
  };
  schedule(stallMs);
  return {
    sawLife: () => {
      lastLifeMs = performance.now();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
