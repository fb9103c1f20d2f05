import { buffer } from 'node:stream/consumers';
import { layersOf } from '../../../backups/wrapping.ts';
import { fail, type Outcome, succeed } from '../../../base/failure.ts';
import type { StoreGuess } from '../../../draft/find-stores.ts';
import { familiesOf } from '../../../draft/infer-layout.ts';
import { judgeContent, judgedBytes, judgeUnopened, wantsPassphrase } from '../../../draft/judge-content.ts';
import { recogniseStore } from '../../../draft/layouts/list.ts';
import { type Content, findDatabases, type SeenStore, type Survey } from '../../../draft/survey.ts';
import { fillReferences } from '../../../kinds/references.ts';
import { resolveStore } from '../../../kinds/targets.ts';
import { encryptions } from '../../../layers/list.ts';
import type { ObjectInfo } from '../../../ports/object-store.ts';
import type { StoreLooks, World } from '../../../ports/world.ts';

/** Names tell the layout long before a store of many years is listed to its end. */
const mostListed = 50_000;

/** So many are opened, the newest of each family. */
const mostOpened = 8;

type Listed = NonNullable<SeenStore['listed']>;

/** Lists it, and opens the newest of what may be dumps. Reads only. */
export async function lookIntoStore(
  guess: StoreGuess,
  { survey, world }: { readonly survey: Survey; readonly world: World },
): Promise<Outcome<Listed>> {
  const store = world.look().openStore(resolveStore(fillReferences(guess.fields, guess.values)));
  const found = await listSome(store, guess.prefix);
  if (!found.ok) return found;
  const objects = found.value
    .map((object) => ({ ...object, key: object.key.slice(guess.prefix.length) }))
    .sort((one, other) => other.modifiedAtMs - one.modifiedAtMs);
  const families = familiesOf(objects);
  const recognised = recogniseStore({
    keys: objects.map(({ key }) => key),
    families,
    services: survey.compose?.model.services ?? [],
    database: findDatabases(survey.compose?.model)[0]?.name,
  });
  const likely = families
    .filter(({ looksLike }) => looksLike !== 'archive')
    .map((family) => family.objects[0].key);
  const keys = new Set([...(recognised?.example === undefined ? [] : [recognised.example]), ...likely]);
  const contents = new Map<string, Content>();
  for (const key of [...keys].slice(0, mostOpened))
    contents.set(key, await openBeginning({ key, store, prefix: guess.prefix, world }));
  return succeed({
    count: objects.length,
    families,
    ...(recognised === undefined ? {} : { recognised }),
    contents,
  });
}

async function listSome(store: StoreLooks, prefix: string): Promise<Outcome<readonly ObjectInfo[]>> {
  const objects: ObjectInfo[] = [];
  for await (const page of store.list({ prefix, sizesOnly: true })) {
    if (!page.ok) return page;
    objects.push(...page.value);
    if (objects.length >= mostListed) break;
  }
  return succeed(objects);
}

async function openBeginning(at: {
  readonly key: string;
  readonly store: StoreLooks;
  readonly prefix: string;
  readonly world: World;
}): Promise<Content> {
  const { key, store, prefix, world } = at;
  const raw = await readRaw(store, prefix + key);
  if (!raw.ok) return { kind: 'other', why: `${key}: ${raw.failure.message} ${raw.failure.remedy}` };
  const layers = layersOf(key);
  const sealing = encryptions.find(({ name }) => name === layers[0]);
  if (sealing !== undefined)
    return { kind: 'sealed', layer: sealing.name, passphrase: wantsPassphrase(sealing.name, raw.value) };
  const reading = await store.read({ key: prefix + key });
  if (!reading.ok) return judgeUnopened(key, raw.value, reading.failure);
  const inside = await world
    .openUnpacker({})
    .peek({ body: reading.value.body, layers, wantBytes: judgedBytes });
  return inside.ok ? judgeContent(key, inside.value) : judgeUnopened(key, raw.value, inside.failure);
}

async function readRaw(store: StoreLooks, key: string): Promise<Outcome<Buffer>> {
  const reading = await store.read({ key, toByte: judgedBytes - 1 });
  if (!reading.ok) return reading;
  try {
    return succeed(await buffer(reading.value.body));
  } catch (error) {
    return fail({
      code: 'unreachable',
      message: `The first bytes of ${key} do not arrive.`,
      remedy: 'Check the connection to the store, then try again.',
      retry: 'safe',
      detail: String(error),
    });
  }
}
