import type { Lack } from './programs.ts';

/**
 * A failure is a value, an exception is a bug. Adapters classify what a driver throws once, by SQLSTATE, HTTP
 * status or exit code, and keep the driver's own words in `detail`.
 */
export const failureCodes = [
  'unreachable',
  'denied',
  'not-found',
  'invalid-input',
  'mismatch',
  'damaged',
  'hostile',
  'wrong-key',
  'tool-missing',
  'tool-too-old',
  'command-failed',
  'stalled',
  'cancelled',
  'out-of-space',
  'conflict',
  'production-target',
  'not-verified',
  'journal-damaged',
  'runbook-invalid',
  'answer-missing',
] as const;

export type FailureCode = (typeof failureCodes)[number];

/** Whether trying again can help: at once, after the operator mended something, or never. */
type Retry = 'safe' | 'after-fix' | 'never';

export type Failure = {
  readonly code: FailureCode;
  /** Present tense: what is happening, with names and numbers. A whole sentence. */
  readonly message: string;
  /** One imperative sentence: what to do next. */
  readonly remedy: string;
  readonly retry: Retry;
  /** The driver's own words, or the last lines a program printed. */
  readonly detail?: string;
  /** The program of this host that is missing or too old: the list of them says what brings it. */
  readonly lacks?: Lack;
};

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

export function succeed<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function fail(failure: Failure): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure };
}

/** What a code of the outside (errno, SQLSTATE, HTTP status, exit status) means to an operator: one row of a driver's table. */
export type Meaning = readonly [code: FailureCode, because: string, remedy: string, retry: Retry];

/** The row of a table for a code that came from outside: one that is called `constructor` finds nothing. */
export function findMeaning<T>(table: Readonly<Record<string, T>>, code: string | undefined): T | undefined {
  return code !== undefined && Object.hasOwn(table, code) ? table[code] : undefined;
}

/** @param request.doing what cannot be done, with the place in it: "read s3://b/k". */
export function failureMeaning(request: {
  readonly doing: string;
  readonly meaning: Meaning;
  readonly detail?: string;
}): Failure {
  const [code, because, remedy, retry] = request.meaning;
  const detail = request.detail === undefined ? {} : { detail: request.detail };
  return { code, message: `Cannot ${request.doing}: ${because}.`, remedy, retry, ...detail };
}
