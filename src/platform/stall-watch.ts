export type StallWatch = {
  /** Something came, went or was asked for: the clock starts again. */
  sawLife(): void;
  end(): void;
};

/** Looked at that often in the span, so that whoever was slow leaves the other side a fresh one. */
const looksPerStall = 4;

/**
 * Calls `onStall` once, when the other side let nothing be seen of itself for `stallMs`.
 *
 * @param request.stallMs undefined: nobody is watched.
 * @param request.isOurTurn the other side waits for us: for our disk, or for a slow reader of ours. That is not its fault.
 * @param request.stillWorking asked before it is called a stall, since a silent program may be at work. What throws is no sign of life.
 */
export function watchForStall(request: {
  readonly stallMs: number | undefined;
  readonly onStall: () => void;
  readonly isOurTurn?: () => boolean;
  readonly stillWorking?: (() => Promise<boolean>) | undefined;
}): StallWatch {
  const { stallMs, onStall, isOurTurn, stillWorking } = request;
  if (stallMs === undefined) return { sawLife: () => {}, end: () => {} };
  let lastLifeMs = performance.now();
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  const sawLife = () => {
    lastLifeMs = performance.now();
  };
  const quietMs = () => performance.now() - lastLifeMs;

  const look = async () => {
    if (isOurTurn?.()) sawLife();
    // Looked at once: a timer may fire a moment early, and between two looks the span would end unasked.
    const isQuiet = quietMs() >= stallMs;
    // Output may come while the question is asked.
    if (isQuiet && (await stillWorking?.().catch(() => false))) sawLife();
    if (ended) return;
    if (!isQuiet || quietMs() < stallMs) return schedule();
    ended = true;
    onStall();
  };
  const schedule = () => {
    const leftMs = stallMs - quietMs();
    const nextMs = isOurTurn === undefined ? leftMs : Math.min(leftMs, stallMs / looksPerStall);
    timer = setTimeout(() => void look(), Math.max(1, nextMs));
  };
  schedule();
  return {
    sawLife,
    end: () => {
      ended = true;
      clearTimeout(timer);
    },
  };
}
