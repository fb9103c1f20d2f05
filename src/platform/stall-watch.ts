/** Counts only the time spent waiting for bytes, never the time our own disk takes. */
export type StallWatch = {
  /** From now on we wait for the other side. */
  listen(): void;
  /** Something came: what follows is our own work. */
  rest(): void;
  end(): void;
};

export function createStallWatch(request: {
  readonly stallMs: number;
  readonly onStall: () => void;
}): StallWatch {
  let listening = false;
  const timer = setTimeout(() => {
    if (listening) request.onStall();
    else timer.refresh();
  }, request.stallMs);
  return {
    listen: () => {
      listening = true;
      timer.refresh();
    },
    rest: () => {
      listening = false;
    },
    end: () => clearTimeout(timer),
  };
}
