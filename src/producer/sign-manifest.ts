import { type ChainLink, judgeAuthor, manifestNamespace } from '../backups/author.ts';
import { type Manifest, readManifestText, writeManifest } from '../backups/manifest.ts';
import { sha256 } from '../base/digest.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { checkSshSignature } from '../base/ssh-signature.ts';
import { listBackups } from '../operations/find-snapshots.ts';
import { readText } from '../operations/open-targets.ts';
import type { BackupRequest } from './backup-request.ts';
import type { PreparedBackup } from './prepare-backup.ts';

/** Enough to name what should be there, and little enough to be read whole each time. */
const longestTail = 10;
/** Other hosts may back up into the same store: so many of the newest are looked through for the last of this chain. */
const mostAsked = 20;

export type Signing = {
  readonly fingerprint: string;
  readonly chain: NonNullable<Manifest['statement']>['chain'];
};

/** Before anything is made that has to be signed: whether the key signs for that namespace. @returns its fingerprint. */
export async function trySigning(
  make: (message: string) => Promise<Outcome<string>>,
  namespace: string,
): Promise<Outcome<string>> {
  const message = 'whether this key signs';
  const tried = await make(message);
  if (!tried.ok) return tried;
  const checked = checkSshSignature(tried.value, { namespace, message });
  return checked.ok ? succeed(checked.fingerprint) : fail(notUsable(checked.why));
}

/** Before the first byte is dumped: whether the key signs, and what the next link of its chain is. */
export async function prepareSigning(
  request: BackupRequest,
  prepared: PreparedBackup,
): Promise<Outcome<Signing | undefined>> {
  const { sign } = request;
  if (sign === undefined) return succeed(undefined);
  const tried = await trySigning(sign.make, manifestNamespace);
  if (!tried.ok) return tried;
  const fingerprint = tried.value;
  const { identity, databaseOid } = prepared;
  const id = sha256(`${fingerprint}\n${identity.systemIdentifier}\n${databaseOid}`).slice(0, 16);
  const last = await findLast(request, { id, fingerprint });
  if (!last.ok) return last;
  const remembered = sign.remembered.get(id);
  const before = last.value;
  // Whoever took the newest away made room for its number: this host remembers that it was given.
  const isGone = remembered !== undefined && remembered.sequence > (before?.link.sequence ?? 0);
  const previous = isGone ? remembered : before?.link;
  if (isGone)
    request.onLine(
      `number ${remembered.sequence} of this chain is not in the store any more; the next one is ${remembered.sequence + 1} all the same`,
    );
  const tail = isGone || before === undefined ? [] : before.tail;
  return succeed({
    fingerprint,
    chain: {
      id,
      sequence: (previous?.sequence ?? 0) + 1,
      previous: previous?.sha256 ?? null,
      tail: tail.slice(0, longestTail),
      pruned: [],
    },
  });
}

type Last = {
  readonly link: ChainLink;
  readonly tail: Signing['chain']['tail'];
};

async function findLast(
  { world, targets }: BackupRequest,
  of: { readonly id: string; readonly fingerprint: string },
): Promise<Outcome<Last | undefined>> {
  const listed = await listBackups({ world, targets: { ...targets, target: targets.production } });
  // The first backup of all finds nothing.
  if (!listed.ok) return listed.failure.code === 'not-found' ? succeed(undefined) : listed;
  const store = world.openStore(targets.backups.store);
  const signed = listed.value.snapshots.filter(({ signatureKey }) => signatureKey !== undefined);
  let last: Last | undefined;
  for (const { manifestKey, signatureKey } of signed.slice(0, mostAsked)) {
    if (manifestKey === undefined || signatureKey === undefined) continue;
    const [text, signature] = [await readText(store, manifestKey), await readText(store, signatureKey)];
    if (!text.ok) return text;
    if (!signature.ok) return signature;
    const manifest = readManifestText(text.value, manifestKey);
    // What cannot be read is nobody's link; who made it is told by `thaw verify`.
    if (!manifest.ok) continue;
    const author = judgeAuthor({
      ...{ text: text.value, manifest: manifest.value, signature: signature.value, key: manifestKey },
      system: targets.backups.system ?? '',
      signers: new Set([of.fingerprint]),
    });
    if (author.kind !== 'proven' || author.link.id !== of.id) continue;
    if (author.link.sequence <= (last?.link.sequence ?? 0)) continue;
    const { sequence, sha256: digest } = author.link;
    const tail = manifest.value.statement?.chain.tail ?? [];
    last = { link: author.link, tail: [{ sequence, sha256: digest, key: manifestKey }, ...tail] };
  }
  return succeed(last);
}

/** The bytes to store: of the manifest, and of the signature over exactly these. */
export async function signManifest(
  request: BackupRequest,
  made: { readonly manifest: Manifest; readonly key: string; readonly signing: Signing | undefined },
): Promise<Outcome<{ readonly text: string; readonly signature?: string; readonly link?: ChainLink }>> {
  const { manifest, key, signing } = made;
  if (signing === undefined || request.sign === undefined) return succeed({ text: writeManifest(manifest) });
  const { system = '' } = request.targets.backups;
  const { chain } = signing;
  const statement = { system, runbook: request.sign.runbook, key, chain };
  const text = writeManifest({ ...manifest, statement });
  const signature = await request.sign.make(text);
  if (!signature.ok) return signature;
  return succeed({
    text,
    signature: signature.value,
    link: { id: chain.id, sequence: chain.sequence, sha256: sha256(text) },
  });
}

function notUsable(why: string) {
  return {
    code: 'invalid-input',
    message: `The signing key makes no signature that can be checked: it ${why}.`,
    remedy: 'Make one with `thaw keys new`, or name an SSH key of another kind.',
    retry: 'after-fix',
  } as const;
}
