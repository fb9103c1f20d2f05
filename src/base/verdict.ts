import type { Failure } from './failure.ts';
import type { Lack } from './programs.ts';
import { type Proof, sayProofs } from './proof.ts';

/**
 * What a check came to. Could not verify is never passed. Not checked: what it would be held against nobody asked for, and its
 * remedy says what would check it.
 */
export const verdicts = ['passed', 'failed', 'could-not-verify', 'not-checked', 'skipped'] as const;
export type Verdict = (typeof verdicts)[number];

/** How something is shown, on the screen and in the record alike; each gives it colours of its own. */
export type Tone = 'good' | 'bad' | 'unsure' | 'quiet';

const shown: Readonly<
  Record<Verdict, { readonly word: string; readonly result: string; readonly tone: Tone }>
> = {
  passed: { word: 'passed', result: 'VERIFIED', tone: 'good' },
  failed: { word: 'failed', result: 'FAILED', tone: 'bad' },
  'could-not-verify': { word: 'could not verify', result: 'COULD NOT VERIFY', tone: 'unsure' },
  'not-checked': { word: 'not checked', result: 'NOTHING VERIFIED', tone: 'quiet' },
  skipped: { word: 'skipped', result: 'NOTHING VERIFIED', tone: 'quiet' },
};

/** Of one check. */
export function verdictWord(verdict: Verdict): string {
  return shown[verdict].word;
}

/** Of a whole run: VERIFIED against the manifest and the live database. */
export function resultWord(verdict: Verdict, proven: readonly Proof[]): string {
  const { result } = shown[verdict];
  return verdict === 'passed' && proven.length > 0 ? `${result} against ${sayProofs(proven)}` : result;
}

export function toneOf(verdict: Verdict): Tone {
  return shown[verdict].tone;
}

/** One thing that was promised and looked at. */
export type Check = {
  readonly verdict: Verdict;
  /** What was compared with what, in numbers: 61 of 61 tables equal to the manifest. */
  readonly text: string;
  /** One imperative sentence, wherever the verdict is not passed. */
  readonly remedy?: string;
  /** What of `proof:` it belongs to; left out of what a step asks for by itself. */
  readonly against?: Proof;
  /** For the table of the record, where the check knows them apart from its sentence. */
  readonly expected?: string;
  readonly actual?: string;
  readonly command?: string;
  /** The program of this host without which it came to that. */
  readonly lacks?: Lack;
};

export function passed(text: string): Check {
  return { verdict: 'passed', text };
}

export function failed(text: string, remedy: string): Check {
  return { verdict: 'failed', text, remedy };
}

export function couldNotVerify(text: string, remedy: string): Check {
  return { verdict: 'could-not-verify', text, remedy };
}

export function skipped(text: string): Check {
  return { verdict: 'skipped', text };
}

/** @param proof what it belongs to, so that a run knows what it has proven without reading a sentence. */
export function against(proof: Proof, checks: readonly Check[]): readonly Check[] {
  return checks.map((check) => ({ ...check, against: proof }));
}

/** The worst of them rules. What was skipped on purpose, or not asked for, neither proves nor spoils; nothing at all proves nothing. */
export function worstVerdict(all: readonly Verdict[]): Verdict {
  if (all.includes('failed')) return 'failed';
  if (all.includes('could-not-verify')) return 'could-not-verify';
  if (all.includes('passed')) return 'passed';
  return 'skipped';
}

/** A failed preflight or verification, as the failure a person is asked about. */
export function notVerified(checks: readonly Check[]): Failure {
  const bad = checks.filter((check) => check.verdict === 'failed');
  return {
    code: 'not-verified',
    // Some of them end with a full stop of their own.
    message: bad
      .map(({ text }) => text)
      .join('. ')
      .replaceAll('.. ', '. '),
    remedy: bad[0]?.remedy ?? 'Read the checks above.',
    retry: 'after-fix',
  };
}
