import type { Mode } from '../base/mode.ts';

/** A value that a runbook needs and nothing around the program gives. A person is asked for it before the run begins. */
export type MissingInput = {
  readonly name: string;
  readonly about: string;
  /** Never echoed. */
  readonly secret: boolean;
  /** It may stay empty: then what its default says is done, the gpg of this host used for one. */
  readonly optional?: true;
};

export type InputRequest = {
  readonly mode: Mode;
  readonly title: string;
  readonly missing: readonly MissingInput[];
};

/** Said before the first value is typed; true of secrets and of all others. */
export const inputPromise =
  'What you type stays in memory and is never written down; once this process is gone, `thaw resume` asks for it again.';
