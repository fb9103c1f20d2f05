import { fail, type Outcome, succeed } from '../base/failure.ts';
import { parseJson } from '../base/parse-json.ts';
import type { CheckContext } from '../kinds/kind.ts';
import { backupStore, readText } from './open-targets.ts';

type NotedDigest = { readonly key: string; readonly sha256: string };

/**
 * The digest that other people's scripts wrote beside a dump; undefined where the runbook names no such file or the dump has
 * none. A file that is there and does not hold it is a failure: somebody believes it protects the dump.
 */
export async function readNotedDigest(
  context: Pick<CheckContext<'stores'>, 'world' | 'targets'>,
  dumpKey: string,
): Promise<Outcome<NotedDigest | undefined>> {
  const { metadata } = context.targets.backups;
  if (metadata === undefined) return succeed(undefined);
  const key = `${dumpKey}${metadata.ending}`;
  const store = backupStore(context);
  const there = await store.describe(key);
  if (!there.ok || there.value === undefined) return there.ok ? succeed(undefined) : there;
  const text = await readText(store, key);
  if (!text.ok) return text;
  const found = fieldOf(parseJson(text.value), metadata.sha256.split('.'));
  const sha256 = typeof found === 'string' ? /[0-9a-f]{64}/i.exec(found)?.[0]?.toLowerCase() : undefined;
  if (sha256 !== undefined) return succeed({ key, sha256 });
  return fail({
    code: 'damaged',
    message: `${key} holds no SHA-256 under ${metadata.sha256}.`,
    remedy: 'Correct backups.dumps.metadata in the runbook, or choose another snapshot.',
    retry: 'after-fix',
  });
}

function fieldOf(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value;
  if (value === null || typeof value !== 'object') return undefined;
  return fieldOf((value as Readonly<Record<string, unknown>>)[name], rest);
}
