import { type Redact, redactDeep } from '../base/secret.ts';
import type { Entry } from './entry.ts';

/** What a resume, the engine or the record looks things up by. None of it comes from a program's output. */
const names: ReadonlySet<string> = new Set([
  ...['kind', 'mode', 'verdict', 'code', 'retry', 'because', 'by'],
  ...['id', 'runId', 'stepId', 'fromStepId', 'questionId'],
  ...['name', 'path', 'workPath', 'mark', 'fingerprint', 'sha256', 'thawVersion'],
]);

/**
 * An entry without the secrets that texts may carry. Facts are read back by steps, and a masked database or key would be
 * another one, so in a fact only sentences are masked: a name has no space in it.
 */
export function redactEntry(entry: Entry, redact: Redact): Entry {
  if (entry.kind !== 'fact-recorded') return redactDeep(entry, { redact, names });
  const redactSentence: Redact = (text) => (/\s/.test(text) ? redact(text) : text);
  return redactDeep(entry, { redact: redactSentence, names });
}
