import type { FailureCode, Retry } from '../base/failure.ts';

export type Verdict = {
  readonly code: FailureCode;
  /** May hold {host}, {skew} and {answer}. */
  readonly because: string;
  readonly remedy: string;
  readonly retry: Retry;
};

export type Row = readonly [code: FailureCode, because: string, remedy: string, retry: Retry];

export function toVerdict(row: Row | undefined): Verdict | undefined {
  return row === undefined ? undefined : { code: row[0], because: row[1], remedy: row[2], retry: row[3] };
}
