import { backupsPart } from './backups-part.ts';
import { checksPart } from './checks-part.ts';
import { filesPart } from './files-part.ts';
import { findObjects } from './objects-part.ts';
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
  const objects = findObjects(survey);
  const production = productionPart(survey, objects);
  const backups = backupsPart(survey, {
    database: production.database?.name ?? production.databaseOfUrl,
    objects,
  });
  const files = filesPart(survey, production.databases);
  const checks = checksPart(survey, production.database);
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
    ...backups.roles,
    { step: { kind: 'restore-database', ...backups.restore } },
    ...(objects === undefined ? [] : [{ step: { kind: 'mirror-objects' } }]),
    ...files.steps,
    ...checks.steps,
  ]);
  for (const text of [...files.toDo, ...survey.unread, ...checks.toDo]) sheet.toDo([], text);
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
