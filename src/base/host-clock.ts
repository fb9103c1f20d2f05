/** How a process counts: the wall clock is the offset and the time since the machine started, in milliseconds. */
export type ClockAnchor = { readonly bootId: string; readonly offsetMs: number };

/** Time for spans and for what is written down: it only goes forward, whoever sets the clock of the host. */
export type HostClock = {
  /** Milliseconds since 1970. */
  now(): number;
  anchor(): ClockAnchor;
  /** How far the clock of the host is ahead of `now` by now: it was set forward, or back. */
  deviationMs(): number;
  /**
   * Counts on from an earlier process: exactly where the machine was not started anew since.
   *
   * @param from.lastMs what was written down last.
   * @returns unmeasured where the machine was started anew and its clock is before that: how long it took nobody can tell.
   */
  goOn(from: {
    readonly anchor: ClockAnchor | undefined;
    readonly lastMs: number;
  }): 'measured' | 'unmeasured';
};
