import { createHash } from 'node:crypto';
import { shorten } from '../../backups/compare-inventories.ts';
import { brokenBodyFailure } from '../../base/body-error.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { readFact } from '../../kinds/fact.ts';
import { manifestFact } from '../../kinds/facts.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { queryRestored } from '../../operations/cell.ts';
import {
  listAll,
  objectPrefix,
  targetDatabase,
  targetStore,
  unanswered,
} from '../../operations/open-targets.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { ChecklistItem } from './kind.ts';

/** Checks of the list that need no person. Each ends as passed, failed, or could not verify. */

type ItemOf<K extends ChecklistItem['kind']> = Extract<ChecklistItem, { kind: K }>;

const httpLimitMs = 20_000;
const urlSeconds = 300;

export async function checkQuery(item: ItemOf<'query'>, context: StepContext<'databases'>): Promise<Check> {
  const rows = await queryRestored(context, { database: targetDatabase(context), sql: item.query });
  if (!rows.ok) return failed(rows.failure.message, rows.failure.remedy);
  const actual = Object.values(rows.value[0] ?? {})[0] ?? null;
  if (actual === null) return failed('the query returns nothing', 'Look at the restored database.');
  const rules = rulesOf(item, context);
  const expected = rules.map(({ words }) => words).join(', ') || 'any value';
  return { ...judgeValue(actual, rules), command: item.query, expected, actual };
}

/** What is expected and the words for it are one value, so that neither can say more than the other. */
type Rule = { readonly words: string; holds(value: string): boolean | 'unknown' };

function rulesOf(item: ItemOf<'query'>, context: StepContext): readonly Rule[] {
  const { equals, atLeast, manifestRowsOf } = item.expect;
  return [
    ...(equals === undefined ? [] : [{ words: equals, holds: (value: string) => value === equals }]),
    ...(atLeast === undefined ? [] : [noFewer(atLeast, `at least ${atLeast}`)]),
    ...(manifestRowsOf === undefined ? [] : [rowsOfManifest(manifestRowsOf, context)]),
  ];
}

function noFewer(least: number, words: string): Rule {
  return { words, holds: (value) => Number(value) >= least };
}

/** In a drill nothing has written since; in a live restore services are up again, and fewer than were backed up is a loss. */
function rowsOfManifest(table: string, context: StepContext): Rule {
  const counted = readFact(manifestFact, context)?.tables.find(
    ({ schema, name }) => `${schema}.${name}` === table,
  );
  if (counted === undefined)
    return {
      words: `the rows that a manifest counts in ${table}, and none does`,
      holds: () => 'unknown',
    };
  const { rows } = counted;
  if (context.mode === 'drill')
    return {
      words: `exactly ${rows}, as the manifest counts in ${table}`,
      holds: (value) => Number(value) === rows,
    };
  return noFewer(
    rows,
    `at least ${rows}, which the manifest counts in ${table}: services that run again may add to them`,
  );
}

function judgeValue(value: string, rules: readonly Rule[]): Check {
  const remedy = 'Compare the restored database with what you know of production.';
  const broken = rules.find(({ holds }) => holds(value) === false);
  if (broken !== undefined) return failed(`${value}, expected: ${broken.words}`, remedy);
  const open = rules.find(({ holds }) => holds(value) === 'unknown');
  if (open !== undefined)
    return { ...couldNotVerify(`${value}, expected: ${open.words}`, remedy), against: 'manifest' };
  return passed(
    rules.length === 0 ? value : `${value}, expected: ${rules.map(({ words }) => words).join(', ')}`,
  );
}

export async function checkHttp(item: ItemOf<'http'>, context: StepContext<'host'>): Promise<Check> {
  const answer = await context.world.host.httpGet({
    url: item.url,
    limitMs: httpLimitMs,
    signal: context.signal,
  });
  if (!answer.ok) return failed(answer.failure.message, answer.failure.remedy);
  const { status, text } = answer.value;
  const contains = item.contains === undefined ? '' : `, with ${item.contains} in the answer`;
  return {
    ...judgeAnswer(item, { status, text }),
    command: `GET ${item.url}`,
    expected: `status ${item.status}${contains}`,
    actual: `status ${status}`,
  };
}

function judgeAnswer(
  item: ItemOf<'http'>,
  { status, text }: { readonly status: number; readonly text: string },
): Check {
  if (status !== item.status)
    return failed(
      `status ${status} instead of ${item.status}`,
      `Open ${item.url} and read the service's log.`,
    );
  if (item.contains !== undefined && !text.includes(item.contains)) {
    return failed(`status ${status}, but "${item.contains}" is not in the answer`, `Open ${item.url}.`);
  }
  return passed(`status ${status}`);
}

const noStore = couldNotVerify(
  'there is no object store to look into',
  'Declare the object store in the runbook.',
);

/** Fetches one object the way a browser would: by a signed URL, and looks at every byte of it. */
export async function checkObject(
  item: ItemOf<'object'>,
  context: StepContext<'host' | 'stores' | 'databases'>,
): Promise<Check> {
  const store = targetStore(context);
  if (store === undefined) return noStore;
  const rows = await queryRestored(context, { database: targetDatabase(context), sql: item.query });
  if (!rows.ok) return failed(rows.failure.message, rows.failure.remedy);
  const key = Object.values(rows.value[0] ?? {})[0];
  if (key === undefined || key === null)
    return couldNotVerify('no row refers to an object', 'Look at the query in the runbook.');
  const targetKey = `${objectPrefix(context)}${key}`;
  const info = await store.describe(targetKey);
  if (!info.ok) return failed(info.failure.message, info.failure.remedy);
  if (info.value === undefined) return failed(`${key} is not in ${store.address}`, 'Repeat the mirror.');
  const url = await store.signedUrl({ key: targetKey, expiresInSeconds: urlSeconds });
  if (!url.ok) return failed(url.failure.message, url.failure.remedy);
  const sizeBytes = url.value.startsWith('http')
    ? await sizeByUrl(url.value, context)
    : await sizeByReading(store, targetKey);
  if (typeof sizeBytes !== 'number') return sizeBytes;
  if (sizeBytes !== info.value.sizeBytes) {
    return failed(
      `${key} is served with ${sizeBytes} bytes instead of ${info.value.sizeBytes}`,
      'Look at the object store.',
    );
  }
  return passed(`${key}, ${formatBytes(sizeBytes)}, served whole`);
}

async function sizeByUrl(url: string, context: StepContext<'host'>): Promise<number | Check> {
  const answer = await context.world.host.httpGet({ url, limitMs: httpLimitMs, signal: context.signal });
  if (!answer.ok) return failed(answer.failure.message, answer.failure.remedy);
  if (answer.value.status !== 200)
    return failed(`the signed URL answers with status ${answer.value.status}`, 'Look at the object store.');
  return answer.value.sizeBytes;
}

async function sizeByReading(store: ObjectStore, key: string): Promise<number | Check> {
  const reading = await store.read({ key });
  if (!reading.ok) return failed(reading.failure.message, reading.failure.remedy);
  const hash = createHash('md5');
  let sizeBytes = 0;
  try {
    for await (const chunk of reading.value.body) {
      hash.update(chunk as Buffer);
      sizeBytes += (chunk as Buffer).length;
    }
  } catch (error) {
    const broken = brokenBodyFailure(`read ${key} from ${store.address}`, error);
    return failed(broken.message, broken.remedy);
  }
  const { etag } = reading.value.info;
  const digest = hash.digest('hex');
  if (etag !== undefined && etag.length === digest.length && etag !== digest) {
    return failed(`${key} does not have the content it is listed with`, 'Repeat the mirror.');
  }
  return sizeBytes;
}

/** Every row that names an object has it. Objects no row names are normal: they came after the dump. */
export async function checkReferences(
  item: ItemOf<'references'>,
  context: StepContext<'stores' | 'databases'>,
): Promise<Check> {
  const store = targetStore(context);
  if (store === undefined) return noStore;
  const rows = await queryRestored(context, { database: targetDatabase(context), sql: item.query });
  if (!rows.ok) return failed(rows.failure.message, rows.failure.remedy);
  const listed = await listAll(store, objectPrefix(context));
  if (!listed.ok) return unanswered(listed.failure);
  const drill = objectPrefix(context);
  const there = listed.value.map((object) => object.key.slice(drill.length));
  const named = rows.value.flatMap((row) => Object.values(row).slice(0, 1)).filter((key) => key !== null);
  return judgeReferences(item, { there, named });
}

/** Both ways: rows without their object, and objects below the prefix that no row names. */
function judgeReferences(
  item: ItemOf<'references'>,
  found: { readonly there: readonly string[]; readonly named: readonly string[] },
): Check {
  const { there, named } = found;
  const keys = new Set(there);
  const wanted = new Set(named);
  const missing = named.filter((key) => !keys.has(key));
  const { prefix } = item;
  const orphans = there.filter((key) => key.startsWith(prefix ?? '') && !wanted.has(key));
  const about =
    prefix === undefined
      ? `${formatCount(orphans.length)} objects are named by none of them`
      : orphans.length === 0
        ? `every object below ${prefix} is named by a row`
        : `${formatCount(orphans.length)} objects below ${prefix} are named by no row: ${shorten(orphans)}`;
  if (missing.length > 0) {
    return failed(
      `${formatCount(missing.length)} of ${formatCount(named.length)} rows name an object that is not there: ${shorten(missing)}; ${about}`,
      'Look for these objects in older versions of the backup bucket.',
    );
  }
  if (named.length === 0)
    return couldNotVerify('no row names an object', 'Look at the query in the runbook.');
  const text = `all ${formatCount(named.length)} rows have their object; ${about}`;
  return prefix !== undefined && orphans.length > 0 && item.unreferenced === 'fail'
    ? failed(text, 'Find out which rows are missing, or who put these objects there.')
    : passed(text);
}
