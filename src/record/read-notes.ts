import type { DrillRecord, Finding } from './record-schema.ts';
import { recorded } from './recorded.ts';

/**
 * Notes are written at three in the morning. One word and a colon in front makes more of them:
 *   well: …  failed: …  gap: …  cause: …  runbook: …  feedback: …  danger: …  finding[high]: …
 *   deviation STEP: …  approved by NAME
 *   action: what is to be done @owner due:2026-12-01 p:high ticket:OPS-17
 *   done ACTION-ID
 * A note without one stays a note.
 */
type Note = { readonly at: string; readonly text: string };

const kinds: Readonly<Record<string, keyof DrillRecord['findings']>> = {
  well: 'wentWell',
  failed: 'failed',
  finding: 'failed',
  gap: 'gaps',
  cause: 'causes',
  runbook: 'runbookChanges',
  feedback: 'feedback',
  danger: 'danger',
};

export function readFindings(notes: readonly Note[]): DrillRecord['findings'] {
  const findings: Record<keyof DrillRecord['findings'], Finding[]> = {
    ...{ wentWell: [], failed: [], gaps: [], causes: [] },
    ...{ runbookChanges: [], feedback: [], danger: [] },
  };
  for (const { at, text } of notes) {
    const [, word = '', severity, rest = ''] = /^\s*([a-z]+)(?:\[([\w-]+)\])?:\s*(.+)$/is.exec(text) ?? [];
    const kind = kinds[word.toLowerCase()];
    if (kind === undefined) continue;
    findings[kind].push({ at, text: rest.trim(), ...(severity === undefined ? {} : { severity }) });
  }
  return findings;
}

export function readActions(notes: readonly Note[]): DrillRecord['actions'] {
  const done = new Set(notes.flatMap(({ text }) => /^\s*done:?\s+(\S+)\s*$/i.exec(text)?.[1] ?? []));
  const wanted = notes.flatMap((note) => {
    const text = /^\s*action:\s*(.+)$/is.exec(note.text)?.[1];
    return text === undefined ? [] : [{ at: note.at, text }];
  });
  return wanted.map(({ at, text }, index) => {
    const id = `A${index + 1}`;
    const take = (expression: RegExp) => expression.exec(text)?.[1];
    return {
      id,
      at,
      text: text
        .replace(/(^|\s)(@\S+|due:\S+|p:\S+|ticket:\S+)/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
      owner: recorded(take(/(?:^|\s)@(\S+)/), 'the note names no @owner'),
      due: recorded(take(/(?:^|\s)due:(\S+)/), 'the note names no due:DATE'),
      priority: recorded(take(/(?:^|\s)p:(\S+)/), 'the note names no p:PRIORITY'),
      ticket: recorded(take(/(?:^|\s)ticket:(\S+)/), 'the note names no ticket:ID'),
      status: done.has(id) ? 'done' : 'open',
    };
  });
}

/** `deviation STEP: what was done otherwise; approved by NAME`. */
export function readDeviationNotes(notes: readonly Note[]) {
  return notes.flatMap(({ text }) => {
    const [, stepId = 'run', rest] = /^\s*deviation(?:\s+([\w-]+))?:\s*(.+)$/is.exec(text) ?? [];
    if (rest === undefined) return [];
    const [, what = rest, approver] = /^(.*?)[,;]?\s*approved by\s+(.+?)\.?$/is.exec(rest) ?? [];
    return [{ stepId, what: what.trim(), approver }];
  });
}
