import { backupsPart } from './backups-part.ts';
import { filesPart } from './files-part.ts';
import type { DraftStep, Part } from './part.ts';
import { productionPart } from './production-part.ts';
import { createSheet, type Sheet } from './sheet.ts';
import type { Survey, WantedInput } from './survey.ts';

/**
 * A runbook from what was seen. It holds together as it is: what could not be known is a comment that is marked, never a field that is
 * wrong. No value of an env file stands in it but names of users, databases, buckets and places.
 */
export function draftRunbook(survey: Survey, name: string): string {
  const sheet = createSheet();
  const production = productionPart(survey);
  const backups = backupsPart(survey, production.database?.name ?? production.databaseOfUrl);
  const files = filesPart(survey, production.databases);
  sheet.set('thaw', 1);
  sheet.set('name', name);
  sheet.set('title', titleOf(name));
  sheet.set(
    'about',
    `Drafted by \`thaw init\`${sayFound(survey)}. Read it line by line, then prove it by a drill.`,
  );
  sheet.set('objectives', { rto: '4h', rpo: '24h' });
  sheet.toDo(
    ['objectives'],
    'say what you promised: how long a recovery may take (rto), and how much may be lost (rpo).',
  );
  const parts: readonly Part[] = [production, backups];
  const bring = parts.flatMap((part) => part.bring);
  if (bring.length > 0) sheet.set('bring', bring);
  const inputs = new Map(parts.flatMap((part) => part.inputs).map((input) => [input.name, input]));
  if (inputs.size > 0)
    sheet.set('inputs', Object.fromEntries([...inputs].map(([key, input]) => [key, asField(input)])));
  backups.writeSections(sheet);
  production.writeSections(sheet);
  writeSteps(sheet, [
    { step: { kind: 'choose-snapshot' } },
    ...production.before,
    { step: { kind: 'fetch' } },
    { step: { kind: 'decrypt' } },
    { step: { kind: 'restore-database', ...backups.restore } },
    ...files.steps,
    ...production.after,
  ]);
  for (const text of files.toDo) sheet.toDo([], text);
  for (const text of survey.unread) sheet.toDo([], text);
  sheet.toDo(
    [],
    'say how you see that it works again: a step smoke-checklist with a query that must find rows, a page that must answer (kind http), or a look that a person takes (kind attest). docs/reference.md has them.',
  );
  return sheet.toText();
}

function asField({ about, secret, default: otherwise }: WantedInput): Readonly<Record<string, unknown>> {
  return { about, ...(secret ? { secret } : {}), ...(otherwise === undefined ? {} : { default: otherwise }) };
}

function writeSteps(sheet: Sheet, steps: readonly DraftStep[]): void {
  sheet.set(
    'steps',
    steps.map(({ step }) => step),
  );
  for (const [index, { notes = [], toDo = [] }] of steps.entries()) {
    for (const text of notes) sheet.note(['steps', index], text);
    for (const text of toDo) sheet.toDo(['steps', index], text);
  }
}

function titleOf(name: string): string {
  const words = name.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function sayFound({ compose, envFiles, store }: Survey): string {
  const found = [compose?.file, ...envFiles.map(({ path }) => path), store?.address].filter(
    (one) => one !== undefined,
  );
  return found.length === 0
    ? ', which found nothing to go by'
    : ` from ${found.join(', ').replaceAll('${', '$')}`;
}
