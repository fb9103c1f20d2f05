import { createHash } from 'node:crypto';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { type Runbook, runbookSchema } from './schema.ts';

export type ParsedRunbook = {
  readonly runbook: Runbook;
  /** SHA-256 of the file's bytes, hex: a run refuses to go on with another runbook. */
  readonly fingerprint: string;
};

/** Reads a runbook's YAML. Fails with `runbook-invalid`, one line a fault, each with its line number or path. */
export function parseRunbook(source: {
  readonly path: string;
  readonly text: string;
}): Outcome<ParsedRunbook> {
  const lineCounter = new LineCounter();
  const document = parseDocument(source.text, { lineCounter, prettyErrors: true });
  if (document.errors.length > 0) {
    return invalid(
      source.path,
      document.errors.map((error) => error.message.split('\n')[0] ?? error.message),
    );
  }
  const parsed = runbookSchema.safeParse(document.toJS());
  if (!parsed.success) {
    return invalid(
      source.path,
      parsed.error.issues.map((issue) => {
        const node = document.getIn(issue.path as (string | number)[], true);
        const range = (node as { range?: readonly number[] } | undefined)?.range;
        const line = range?.[0] === undefined ? '' : `line ${lineCounter.linePos(range[0]).line}, `;
        return `${line}${issue.path.join('.') || 'the file'}: ${issue.message}`;
      }),
    );
  }
  return succeed({
    runbook: parsed.data,
    fingerprint: createHash('sha256').update(source.text).digest('hex'),
  });
}

function invalid(path: string, faults: readonly string[]) {
  return fail({
    code: 'runbook-invalid',
    message: `Runbook ${path} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    remedy: 'Correct the file; `thaw lint` shows all faults at once, and editors know the JSON Schema.',
    retry: 'after-fix',
  });
}

/** The JSON Schema for editors, generated from the same zod schema. */
export function runbookJsonSchema(): unknown {
  return z.toJSONSchema(runbookSchema, { io: 'input', target: 'draft-2020-12' });
}
