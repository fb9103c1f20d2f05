import { createProcessRunner } from '../adapters/process/execa-process-runner.ts';
import { signMessage } from '../adapters/signing/sign-message.ts';
import { parseSigners } from '../backups/author.ts';
import { type Kit, type KitFile, kitNamespace, kitPrefix } from '../backups/kit.ts';
import { newestComplete } from '../backups/snapshot.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes } from '../base/units.ts';
import { fillReferences } from '../kinds/references.ts';
import { readManifestFile } from '../operations/authors.ts';
import { findSnapshots } from '../operations/find-snapshots.ts';
import { type FoundKit, findKits } from '../operations/read-kit.ts';
import type { HandReach, ObjectStore, ObjectStoreConfig } from '../ports/object-store.ts';
import type { World } from '../ports/world.ts';
import { clearKits } from '../producer/clear-kits.ts';
import { makeKit } from '../producer/make-kit.ts';
import { resolveProducer } from '../producer/producer-settings.ts';
import type { PageFacts } from '../producer/recovery-files.ts';
import { recoveryPages } from '../producer/recovery-page.ts';
import { imagesObject, saveImages } from '../producer/save-images.ts';
import { trySigning } from '../producer/sign-manifest.ts';
import type { Runbook } from '../runbook/schema.ts';
import { stores } from '../stores/list.ts';
import type { CommandContext } from './command-context.ts';
import { thawVersion } from './installed.ts';
import { collectKit, type KitContents } from './kit-contents.ts';
import type { ReadyRunbook } from './load-runbook.ts';

type KitWork = {
  readonly ready: ReadyRunbook;
  readonly world: World;
  /** Whether the images of the services are saved; those of the kit before go along in any case. */
  readonly images: boolean;
  /** Whether every file is read; otherwise a program that was not touched since the kit before is not. */
  readonly anew: boolean;
  readonly onLine: (line: string) => void;
};

/** Puts a new kit beside the backups: for `thaw kit`, and for each backup of a runbook that has one. */
export async function refreshKit(
  work: KitWork,
  { environment, folder }: Pick<CommandContext, 'environment' | 'folder'>,
): Promise<Outcome<void>> {
  const { ready, world, onLine } = work;
  const { filled, targets } = ready;
  const keyFile = filled.producer && resolveProducer(filled, filled.producer).signingKeyFile;
  if (keyFile === undefined) return fail(noKey(ready.path));
  const tools = { processes: createProcessRunner(), environment };
  const sign = (message: string) => signMessage(tools, { keyFile, namespace: kitNamespace, message });
  const signer = await trySigning(sign, kitNamespace);
  if (!signer.ok) return signer;
  const store = world.openStore(targets.backups.store);
  const before = await kitBefore(work, { store, signer: signer.value });
  const known = work.anew ? succeed([]) : await programsThere(store, before);
  if (!known.ok) return known;
  const collected = await collectKit({ ready, world, folder, known: known.value, onLine });
  if (!collected.ok) return collected;
  const { contents } = collected.value;
  const about = { ...collected.value.about, name: filled.name, title: filled.title, thawVersion };
  const nowMs = world.host.now();
  const page = await pageFacts(work, collected.value);
  const archive = await imagesFor(work, { store, before, images: collected.value.images });
  if (!archive.ok) return archive;
  const stored = [...collected.value.stored, ...archive.value];
  const made = await makeKit({
    ...{ store, about, contents, stored, sign, nowMs, onLine },
    pages: (files) =>
      recoveryPages({ ...page, about, files, madeAt: new Date(nowMs).toISOString(), signer: signer.value }),
  });
  if (!made.ok) return made;
  for (const line of tellOf(made.value.kit)) onLine(line);
  const pinned = parseSigners(targets.backups.signers ?? '');
  const signers = new Set(['fault' in pinned ? [] : [...pinned], signer.value].flat());
  await clearKits({ store, made: made.value, signers, onLine });
  onLine(
    `the kit lies at ${kitPrefix(about.name)} in ${store.address}, signed by ${signer.value}: print its page, RECOVER.html`,
  );
  return succeed(undefined);
}

/** The newest kit in the store, where it was signed with the same key: of another one nothing is taken. */
async function kitBefore(
  { ready, onLine }: KitWork,
  { store, signer }: { readonly store: ObjectStore; readonly signer: string },
): Promise<FoundKit | undefined> {
  const kits = await findKits(store, kitPrefix(ready.filled.name));
  if (kits.ok) return kits.value.find((kit) => kit.signer === signer);
  if (kits.failure.code !== 'not-found')
    onLine(`nothing is taken from the kit before: ${kits.failure.message}`);
  return undefined;
}

async function programsThere(
  store: ObjectStore,
  before: FoundKit | undefined,
): Promise<Outcome<readonly KitFile[]>> {
  const there: KitFile[] = [];
  for (const file of before?.kit.files.filter(({ role }) => role === 'program') ?? []) {
    const found = await store.describe(`${before?.prefix}${file.object}`);
    if (!found.ok) return found;
    if (found.value !== undefined) there.push(file);
  }
  return succeed(there);
}

/** The archive of the images: saved now, or the one of the kit before, where it was signed with the same key. */
async function imagesFor(
  { ready, world, images: saves, onLine }: KitWork,
  given: {
    readonly store: ObjectStore;
    readonly before: FoundKit | undefined;
    readonly images: KitContents['images'];
  },
): Promise<Outcome<readonly KitFile[]>> {
  const { store, before, images } = given;
  const { name, production } = ready.filled;
  const earlier = before?.kit.files.find(({ role }) => role === 'images');
  if (!saves) {
    const isOlder = earlier !== undefined && ![undefined, earlier.object].includes(imagesObject(images));
    if (isOlder) onLine('the images in the kit are not those of this host: `thaw kit --images` saves them');
    return succeed(earlier === undefined ? [] : [earlier]);
  }
  const archive = production.services && world.openServices(production.services).images;
  if (archive === undefined) return fail(noContainers());
  let toldAtMs = world.host.now();
  const onBytes = (done: number) => {
    if (world.host.now() - toldAtMs < 60_000) return;
    toldAtMs = world.host.now();
    onLine(`${formatBytes(done)} sent so far`);
  };
  const saved = await saveImages({ ...{ store, name, images, archive, earlier, onLine, onBytes } });
  return saved.ok ? succeed([saved.value]) : saved;
}

function noContainers() {
  return {
    code: 'runbook-invalid',
    message: 'The runbook names no services of kind compose: there are no images to save.',
    remedy: 'Leave --images out.',
    retry: 'after-fix',
  } as const;
}

function tellOf({ left, files }: Kit): readonly string[] {
  const hasProgram = files.some(({ role }) => role === 'program');
  return [
    ...left.map(({ path, why }) => `not in the kit: ${path}: ${why}`),
    ...(hasProgram
      ? []
      : ['not in the kit: the program. thaw does not run as one file here; producer.kit.program names one']),
  ];
}

function noKey(path: string) {
  return {
    code: 'runbook-invalid',
    message: `Runbook ${path} names no key that signs: nothing of a kit that nobody signed is ever executed.`,
    remedy: 'Make a key with `thaw keys new`, and name it in producer.sign.keyFile.',
    retry: 'after-fix',
  } as const;
}

async function pageFacts(
  { ready, world }: KitWork,
  { composeFile }: KitContents,
): Promise<Omit<PageFacts, 'about' | 'files' | 'madeAt' | 'signer'>> {
  const { targets } = ready;
  const runbook = withoutSecrets(ready);
  const at = { world, targets: { ...targets, target: targets.production } };
  const found = await findSnapshots(at);
  const newest = found.ok ? newestComplete(found.value) : undefined;
  const file = newest === undefined ? undefined : await readManifestFile(at, newest);
  // A manifest that cannot be read is told by whoever restores from it; the page does without the roles then.
  const parts = file?.ok ? file.value?.manifest.parts : undefined;
  const globalsKey = parts?.find(({ name }) => name === 'globals')?.key;
  const objects = runbook.production.objects;
  return {
    runbook,
    composeFile,
    newest: newest && {
      key: newest.key,
      layers: newest.layers,
      ...(globalsKey === undefined ? {} : { globalsKey }),
    },
    backups: reachByHand(runbook.backups.store, 'BACKUP'),
    live: objects === undefined ? undefined : reachByHand(objects, 'LIVE'),
    database: {
      ...placeOf(targets.production.databaseUrl.reveal()),
      name: world.openDatabaseServer(targets.production.databaseUrl, targets.production.databaseRoute)
        .databaseName,
    },
  };
}

/** Where a secret belongs, the name of its input stands: to a shell, too, that is a placeholder. */
function withoutSecrets({ runbook, values, redact }: ReadyRunbook): Runbook {
  const shown = values.filter(
    ({ name, value }) => runbook.inputs[name]?.secret === false && redact(value) === value,
  );
  return fillReferences(runbook, new Map(shown.map(({ name, value }) => [name, value])));
}

function reachByHand(config: ObjectStoreConfig, remote: string): HandReach {
  const kind = stores.find((one) => one.kind === config.kind);
  return kind === undefined ? { settings: {}, root: `${remote}:` } : kind.byHand(config, remote);
}

/** For whoever types it again: no password. */
function placeOf(url: string): { readonly host: string; readonly port: string; readonly user: string } {
  const parsed = URL.parse(url);
  return {
    host: parsed?.hostname || 'HOST',
    port: parsed?.port || '5432',
    user: decodeURIComponent(parsed?.username || 'postgres'),
  };
}
