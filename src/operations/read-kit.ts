import { gunzipSync } from 'node:zlib';
import {
  type Kit,
  type KitFile,
  kitsPrefix,
  listKey,
  listsAmong,
  readKit,
  signatureEnding,
  signerOfKit,
} from '../backups/kit.ts';
import { sha256 } from '../base/digest.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { StoreLooks } from '../ports/world.ts';
import { digestOf, listAll, readBytes, readText } from './open-targets.ts';

/** A kit as it lies in a store: its list is read and its signature good. Whether its signer may be believed, the operator says. */
export type FoundKit = {
  readonly kit: Kit;
  readonly signer: string;
  /** Of its list. */
  readonly key: string;
  /** What the names of its objects count from. */
  readonly prefix: string;
};

/** The newest of each kit below a prefix: of the folder of one kit, of a place where backups lie, or of the root. */
export async function findKits(store: StoreLooks, prefix: string): Promise<Outcome<readonly FoundKit[]>> {
  const start = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  const listed = await listAll(store, start.includes(kitsPrefix) ? start : `${start}${kitsPrefix}`);
  if (!listed.ok) return listed;
  const lists = listsAmong(listed.value.map(({ key }) => key));
  const newest = [...Map.groupBy(lists, (list) => list.prefix).values()].flatMap(([first]) => first ?? []);
  if (newest.length > 0) return openAll(store, newest);
  return fail({
    code: 'not-found',
    message: `There is no kit in ${store.address}${start === '' ? '' : ` below ${start}`}.`,
    remedy:
      'Check bucket and prefix. Where backups lie without a kit, restore with their runbook: `thaw restore RUNBOOK`; `thaw kit RUNBOOK` makes a kit.',
    retry: 'after-fix',
  });
}

async function openAll(
  store: StoreLooks,
  lists: readonly { readonly key: string; readonly prefix: string }[],
): Promise<Outcome<readonly FoundKit[]>> {
  const found: FoundKit[] = [];
  for (const list of lists) {
    const opened = await openKit(store, list);
    if (!opened.ok) return opened;
    found.push(opened.value);
  }
  return succeed(found);
}

/** One list, with whoever signed it. */
export async function openKit(
  store: StoreLooks,
  { key, prefix }: Pick<FoundKit, 'key' | 'prefix'>,
): Promise<Outcome<FoundKit>> {
  const text = await readText(store, key);
  if (!text.ok) return text;
  const signature = await readText(store, `${key}${signatureEnding}`);
  if (!signature.ok) return signature;
  const signer = signerOfKit(text.value, { signature: signature.value, from: key });
  if (!signer.ok) return signer;
  const kit = readKit(text.value, key);
  if (!kit.ok) return kit;
  // A list of last year under the name of today would be the newest.
  if (!key.endsWith(listKey(kit.value.name, Date.parse(kit.value.madeAt))))
    return fail(renamed(key, kit.value));
  return succeed({ kit: kit.value, signer: signer.value, key, prefix });
}

function renamed(key: string, { name, madeAt }: Kit) {
  return {
    code: 'damaged',
    message: `The kit ${key} was signed as that of ${name}, made at ${madeAt}: somebody gave it another name.`,
    remedy: 'Use another copy of the bucket, or find out who changed it.',
    retry: 'after-fix',
  } as const;
}

/** One file of it, as it is unpacked: compared with what the signed list says. */
export async function readKitFile(
  store: StoreLooks,
  { prefix, file }: Pick<FoundKit, 'prefix'> & { readonly file: KitFile },
): Promise<Outcome<Buffer>> {
  const key = `${prefix}${file.object}`;
  // What is packed is no larger than what it holds, but for some bytes of the packing itself.
  const read = await readBytes(store, { key, mostBytes: file.sizeBytes + 65_536 });
  if (!read.ok) return read;
  const content = file.packed === 'gzip' ? unpack(read.value, file.sizeBytes) : read.value;
  if (content?.length === file.sizeBytes && sha256(content) === file.sha256) return succeed(content);
  return fail(notAsSigned(file, `${key} in ${store.address}`));
}

/** Of one that is too large to be held in memory: whether it is in the store as it was signed. */
export async function checkKitFile(
  store: StoreLooks,
  { prefix, file }: Pick<FoundKit, 'prefix'> & { readonly file: KitFile },
): Promise<Outcome<void>> {
  const key = `${prefix}${file.object}`;
  const digest = await digestOf(store, key);
  if (!digest.ok) return digest;
  return digest.value === file.sha256
    ? succeed(undefined)
    : fail(notAsSigned(file, `${key} in ${store.address}`));
}

/** @param where it was read. */
export function notAsSigned({ path }: KitFile, where: string) {
  return {
    code: 'damaged',
    message: `${path} of the kit, ${where}, is not what was signed.`,
    remedy:
      'Use another copy of the bucket, or find out who changed it. `thaw kit RUNBOOK` makes the kit anew.',
    retry: 'after-fix',
  } as const;
}

function unpack(packed: Buffer, mostBytes: number): Buffer | undefined {
  try {
    return gunzipSync(packed, { maxOutputLength: mostBytes + 1 });
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}
