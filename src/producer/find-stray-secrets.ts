import { isOfKit } from '../backups/kit.ts';
import { mayBeStray, strayHeadBytes, strayMostBytes, straySecretIn } from '../backups/stray-secrets.ts';
import { brokenBodyFailure } from '../base/body-error.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { formatCount } from '../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../base/verdict.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import type { StoreLooks } from '../ports/world.ts';

/** A few pages of a listing: this is a look, and nobody waits for the end of a bucket. */
const mostNames = 5_000;
const mostRead = 50;

/**
 * Env files and private keys that lie open in a store: whoever reads the backups reads them, too. Names are looked through up to a bound,
 * and what the look did not come to is said. The values of a kit (`values.env`) are those that are no secrets.
 */
export async function findStraySecrets(store: StoreLooks): Promise<readonly Check[]> {
  const listed = await listNames(store);
  if (!listed.ok)
    return [
      couldNotVerify(
        `whether secrets lie open in ${store.address}: ${listed.failure.message}`,
        listed.failure.remedy,
      ),
    ];
  const { names, isAll } = listed.value;
  const candidates = names.filter(
    ({ key, sizeBytes }) =>
      mayBeStray(key) &&
      sizeBytes > 0 &&
      sizeBytes <= strayMostBytes &&
      !(isOfKit(key) && key.endsWith('/values.env')),
  );
  const checks: Check[] = [];
  for (const { key } of candidates.slice(0, mostRead)) {
    const head = await readHead(store, key);
    if (!head.ok)
      checks.push(
        couldNotVerify(
          `whether ${key} in ${store.address} is a secret that lies open: ${head.failure.message}`,
          head.failure.remedy,
        ),
      );
    const what = head.ok ? straySecretIn(key, head.value) : undefined;
    if (what !== undefined)
      checks.push(
        failed(
          `${key} in ${store.address} is ${what}, and not encrypted: whoever reads the bucket has it`,
          takeAway,
        ),
      );
  }
  const unread = Math.max(0, candidates.length - mostRead);
  const bound = `${isAll ? '' : 'the first '}${formatCount(names.length)} names`;
  if (isAll && unread === 0)
    return checks.length > 0
      ? checks
      : [passed(`no env file and no private key lies open in ${store.address}, by ${bound}`)];
  const left = [
    ...(isAll ? [] : ['the names after these']),
    ...(unread === 0 ? [] : [`${formatCount(unread)} objects with names of env files or keys`]),
  ];
  return [
    ...checks,
    {
      verdict: 'not-checked',
      text: `of ${store.address} ${bound} were looked through for env files and private keys; not looked at: ${left.join('; ')}`,
      remedy: 'Look yourself: list the store, and search the names for .env, id_, .pem and .key.',
    },
  ];
}

const takeAway =
  'Take it out, with its old versions; count what it holds as read by others, and make it anew. In a kit it may lie encrypted: producer.kit.environment.';

async function listNames(
  store: StoreLooks,
): Promise<Outcome<{ readonly names: readonly ObjectInfo[]; readonly isAll: boolean }>> {
  const names: ObjectInfo[] = [];
  for await (const page of store.list({ prefix: '', sizesOnly: true })) {
    if (!page.ok) return page;
    names.push(...page.value);
    if (names.length > mostNames) return succeed({ names: names.slice(0, mostNames), isAll: false });
  }
  return succeed({ names, isAll: true });
}

async function readHead(store: StoreLooks, key: string): Promise<Outcome<Buffer>> {
  const reading = await store.read({ key, toByte: strayHeadBytes - 1 });
  if (!reading.ok) return reading;
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of reading.value.body) chunks.push(chunk as Buffer);
  } catch (error) {
    return fail(brokenBodyFailure(`read ${key} from ${store.address}`, error));
  }
  return succeed(Buffer.concat(chunks).subarray(0, strayHeadBytes));
}
