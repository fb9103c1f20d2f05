import {
  type Author,
  judgeAuthor,
  type MissedLink,
  parseSigners,
  type Signers,
  sayMissed,
} from '../backups/author.ts';
import { type Manifest, readManifestText } from '../backups/manifest.ts';
import { type Doubt, isSound, type Snapshot } from '../backups/snapshot.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { type Check, couldNotVerify, passed, skipped } from '../base/verdict.ts';
import type { CheckContext } from '../kinds/kind.ts';
import { backupStore, readText } from './open-targets.ts';

type Reach = Pick<CheckContext<'stores'>, 'world' | 'targets'>;

type Signed = { readonly manifest: Manifest | undefined; readonly author: Author };

/** Who may have made a backup, as the runbook pins them; empty where it pins nobody. */
function pinnedSigners({ targets }: Pick<Reach, 'targets'>): Outcome<Signers> {
  const signers = parseSigners(targets.backups.signers ?? '');
  if (!('fault' in signers)) return succeed(signers);
  return fail({
    code: 'invalid-input',
    message: `The signers of the backups cannot be read: ${signers.fault}.`,
    remedy:
      'Correct backups.signers, or the value that fills it: `thaw keys new` and ssh-keygen -l print a fingerprint.',
    retry: 'after-fix',
  });
}

/** The manifest of a snapshot in its exact bytes; undefined where there is none. One that cannot be read is a failure. */
export async function readManifestFile(
  context: Reach,
  { key, manifestKey }: Pick<Snapshot, 'key' | 'manifestKey'>,
): Promise<Outcome<{ readonly text: string; readonly manifest: Manifest } | undefined>> {
  if (manifestKey === undefined) return succeed(undefined);
  const text = await readText(backupStore(context), manifestKey);
  if (!text.ok) return text;
  const manifest = readManifestText(text.value, manifestKey);
  if (!manifest.ok) return manifest;
  if (manifest.value.dump.key !== key) return fail(ofAnother(manifestKey, manifest.value));
  return succeed({ text: text.value, manifest: manifest.value });
}

/** What the producer wrote down of one snapshot, and who proves to have written it. */
export async function readSigned(context: Reach, snapshot: Snapshot): Promise<Outcome<Signed>> {
  const signers = pinnedSigners(context);
  if (!signers.ok) return signers;
  const file = await readManifestFile(context, snapshot);
  if (!file.ok) return file;
  const { manifestKey = '', signatureKey } = snapshot;
  const signature =
    signatureKey === undefined ? undefined : await readText(backupStore(context), signatureKey);
  if (signature?.ok === false) return signature;
  const author = judgeAuthor({
    text: file.value?.text,
    manifest: file.value?.manifest,
    signature: signature?.value,
    key: manifestKey,
    system: context.targets.backups.system ?? '',
    signers: signers.value,
  });
  return succeed({ manifest: file.value?.manifest, author });
}

function ofAnother(key: string, manifest: Manifest) {
  return {
    code: 'damaged',
    message: `The manifest ${key} cannot be used: it speaks of ${manifest.dump.key}.`,
    remedy: 'Choose another snapshot, or find out who changed the manifest.',
    retry: 'after-fix',
  } as const;
}

/**
 * Where signers are pinned: marks those that none of them made. By default from the newest on until one is proven, since asking for each
 * takes two requests.
 *
 * @param snapshots newest first.
 */
export async function doubtUnproven(
  context: Reach,
  { snapshots, all }: { readonly snapshots: readonly Snapshot[]; readonly all: boolean },
): Promise<Outcome<readonly Snapshot[]>> {
  const signers = pinnedSigners(context);
  if (!signers.ok) return signers;
  if (signers.value.size === 0) return succeed(snapshots);
  const judged: Snapshot[] = [];
  let found = false;
  for (const snapshot of snapshots) {
    const asks = isSound(snapshot) && (all || !found);
    const doubt = asks ? await doubtOf(context, snapshot) : succeed(snapshot.doubt);
    if (!doubt.ok) return doubt;
    if (asks && doubt.value === undefined) found = true;
    judged.push({ ...snapshot, doubt: doubt.value });
  }
  return succeed(judged);
}

async function doubtOf(context: Reach, snapshot: Snapshot): Promise<Outcome<Doubt | undefined>> {
  const signed = await readSigned(context, snapshot);
  if (!signed.ok) {
    // A store that does not answer says nothing of the author; a manifest that cannot be read proves none.
    const isManifest = signed.failure.code === 'damaged';
    return isManifest ? succeed({ kind: 'no-author', why: 'its manifest cannot be used' }) : signed;
  }
  const { author } = signed.value;
  return succeed(author.kind === 'unproven' ? { kind: 'no-author', why: author.why } : undefined);
}

/** A pass says what was not looked at: a later one may have been taken away, and the store cannot tell. */
export function sayAuthor(
  author: Author & {
    readonly reason?: string | undefined;
    readonly missed?: MissedLink['seen'] & Pick<MissedLink, 'what'>;
  },
  { id }: Pick<Snapshot, 'id'>,
): Check {
  if (author.kind === 'proven') {
    const { missed, link, fingerprint } = author;
    if (missed !== undefined) {
      const { text, remedy } = sayMissed({ what: missed.what, seen: missed }, link);
      return couldNotVerify(`whether ${id} is the newest: ${text}`, remedy);
    }
    return passed(
      `${id} is signed by ${fingerprint}, which is pinned, as number ${link.sequence} of its chain; whether a later one was taken away the store cannot tell`,
    );
  }
  if (author.kind === 'not-pinned')
    return skipped(
      `who made ${id} was not checked: it is signed by ${author.fingerprint}, and the runbook pins no signers`,
    );
  if (!author.pinned) return skipped(`who made ${id} was not checked: the runbook pins no signers`);
  const reason = author.reason === undefined ? '' : `; taken all the same: ${author.reason}`;
  return couldNotVerify(
    `nobody proves who made ${id}: ${author.why}${reason}`,
    'Choose a snapshot that is signed, or find out who made this one.',
  );
}
