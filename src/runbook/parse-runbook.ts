import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { sha256 } from '../base/digest.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { errorWords } from '../base/thrown.ts';
import { findOpenPoints, type OpenPoint } from './open-points.ts';
import type { Runbook } from './schema.ts';

type ParsedRunbook = {
  readonly runbook: Runbook;
  /** SHA-256 of the file's text, hex: a run refuses to go on with another runbook. */
  readonly fingerprint: string;
  /** What its writer did not know, as marked comments say. */
  readonly openPoints: readonly OpenPoint[];
};

/** Reads a runbook's YAML. Fails with `runbook-invalid`, one line a fault, each with its line number. */
export function parseRunbook(source: {
  readonly path: string;
  readonly text: string;
  readonly schema: z.ZodType<Runbook>;
}): Outcome<ParsedRunbook> {
  const lineCounter = new LineCounter();
  const document = parseDocument(source.text, { lineCounter, prettyErrors: true });
  // The library goes down one call for each level, and says so when it came to the end of the stack.
  if (document.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION'))
    return invalid(source.path, ['it is nested too deeply']);
  // A warning (an unknown tag, say) means that the text is not read as its writer meant it.
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return invalid(
      source.path,
      faults.map((fault) => fault.message.split('\n')[0]?.replace(/:$/, '') ?? fault.message),
    );
  }
  const value = toValue(document);
  if (!value.ok) return invalid(source.path, [value.fault]);
  const parsed = source.schema.safeParse(value.value, {
    error: (issue) => (issue.input === undefined ? 'is missing' : undefined),
  });
  if (!parsed.success) {
    return invalid(
      source.path,
      parsed.error.issues.map((issue) => {
        const offset = offsetOf(document, issue);
        return `line ${lineCounter.linePos(offset).line}, ${issue.path.join('.') || 'the file'}: ${issue.message}`;
      }),
    );
  }
  return succeed({
    runbook: parsed.data,
    fingerprint: sha256(source.text),
    openPoints: findOpenPoints(source.text),
  });
}

/** Aliases are followed only here: one that leads nowhere, or too many of them, is thrown by the library. */
function toValue(
  document: Document,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: string } {
  try {
    return { ok: true, value: document.toJS() };
  } catch (error) {
    return { ok: false, fault: errorWords(error) };
  }
}

/** Where the text that an issue speaks of begins: the key nobody knows, the value, or what should have held it. */
function offsetOf(document: Document, issue: z.core.$ZodIssue): number {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (!isNode(node)) continue;
    const key = length === path.length ? offsetOfUnknownKey(node, issue) : undefined;
    return key ?? node.range?.[0] ?? 0;
  }
  return offsetOfUnknownKey(document.contents, issue) ?? 0;
}

function offsetOfUnknownKey(node: unknown, issue: z.core.$ZodIssue): number | undefined {
  if (issue.code !== 'unrecognized_keys' || !isMap(node)) return undefined;
  const pair = node.items.find((item) => isNode(item.key) && issue.keys.includes(String(item.key)));
  return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
}

const mostShown = 20;

function invalid(path: string, all: readonly string[]) {
  const found = [...new Set(all)];
  const rest = found.length - mostShown;
  const faults = rest > 0 ? [...found.slice(0, mostShown), `and ${rest} more`] : found;
  const count = found.length === 1 ? 'a fault' : `${found.length} faults`;
  return fail({
    code: 'runbook-invalid',
    message: `Runbook ${path} has ${count}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    remedy: 'Correct the file; `thaw lint` shows all faults at once, and editors know the JSON Schema.',
    retry: 'after-fix',
  });
}

/** The JSON Schema for editors, generated from the same zod schema. */
export function runbookJsonSchema(schema: z.ZodType<Runbook>): unknown {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
}
