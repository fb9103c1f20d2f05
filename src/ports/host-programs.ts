import type { Outcome } from '../base/failure.ts';
import type { InstallPlan, Lack } from '../base/programs.ts';

/** The programs of other people on this host, and what brings those that are missing. */
export type HostPrograms = {
  /** Those of them that are not here at all; which version is here only the part that uses it can tell. */
  missing(needed: readonly Lack[]): Promise<readonly Lack[]>;
  /** What would install them here. Changes nothing. */
  plan(lacks: readonly Lack[]): InstallPlan;
  /**
   * Runs one line of a plan, on the operator's own terminal where there is one, so that sudo can ask for its password. Ends with
   * command-failed for any exit status but 0.
   */
  install(request: {
    readonly command: string;
    readonly onLine: (line: string) => void;
  }): Promise<Outcome<void>>;
};
