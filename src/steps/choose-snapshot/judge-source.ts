import { type Author, judgeChain } from '../../backups/author.ts';
import { judgeTimes } from '../../backups/moments.ts';
import type { Snapshot } from '../../backups/snapshot.ts';
import { isEncrypted } from '../../backups/wrapping.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatCount } from '../../base/units.ts';
import { type Check, couldNotVerify } from '../../base/verdict.ts';
import { openedDumpFact } from '../../kinds/dump-facts.ts';
import { needFact, readFact } from '../../kinds/fact.ts';
import { type AgreedAuthor, authorFact, manifestFact, snapshotFact } from '../../kinds/facts.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { sayAuthor } from '../../operations/authors.ts';

/** Whether the chosen backup is what it says: its times against each other, its encryption against that of the others, its author. */
export function judgeSource(context: StepContext): readonly Check[] {
  const snapshot = needFact(snapshotFact, context);
  return [
    ...judgeTimes({
      snapshot: { uploadedAtMs: snapshot.takenAtMs, ...snapshot },
      manifest: readFact(manifestFact, context),
      createdAtLocal: needFact(openedDumpFact, context).createdAtLocal,
    }),
    ...judgePlain(snapshot),
    sayAuthor(needFact(authorFact, context), snapshot),
  ];
}

/** Of the newest of the store alone: whoever takes an older one knows that there are later ones. */
export function missedBefore(
  { seenLinks }: Pick<StepContext, 'seenLinks'>,
  { author, isNewest }: { readonly author: Author; readonly isNewest: boolean },
) {
  if (author.kind !== 'proven' || !isNewest || seenLinks === undefined) return {};
  const missed = judgeChain(author.link, seenLinks);
  if (missed === undefined) return {};
  const { what, seen } = missed;
  return { missed: { what, sequence: seen.sequence, atMs: seen.atMs } };
}

/** In a live run somebody says why a backup is taken that nobody signed; in a drill the verdict says it. */
export async function agreeToAuthor(
  context: StepContext,
  { id, author }: { readonly id: string; readonly author: Author },
): Promise<Outcome<AgreedAuthor>> {
  if (author.kind !== 'unproven' || !author.pinned || context.mode === 'drill') return succeed(author);
  const answer = await context.ask({
    kind: 'choose',
    id: 'choose-snapshot.author',
    stepId: context.stepId,
    title: `Nobody proves who made ${id}.`,
    body: [
      `The runbook pins who signs the backups, and ${author.why}.`,
      'Whoever can write to the backup store can have made it. What is in it runs with the rights of the application.',
    ],
    choices: [
      { value: 'another', label: 'do not take it' },
      { value: 'use', label: 'take it all the same', needsReason: true },
    ],
    preferred: 'another',
  });
  if (!answer.ok) return answer;
  if (answer.value.value === 'use')
    return succeed({ ...author, reason: answer.value.note ?? 'no reason was given' });
  return fail({
    code: 'not-verified',
    message: `${id} was not taken: nobody proves who made it, since ${author.why}.`,
    remedy: 'Retry, and choose a snapshot that is signed.',
    retry: 'safe',
  });
}

export function countEncrypted(snapshots: readonly Snapshot[]): number {
  return snapshots.filter(({ layers }) => isEncrypted(layers)).length;
}

/** A public key is not secret, so encryption proves no author; but a store that is encrypted throughout holds no plain dump by itself. */
export function judgePlain({
  id,
  encryptedOthers = 0,
}: {
  readonly id: string;
  readonly encryptedOthers?: number | undefined;
}): readonly Check[] {
  if (encryptedOthers === 0) return [];
  return [
    couldNotVerify(
      `${id} is not encrypted, and ${formatCount(encryptedOthers)} other dumps in this store are`,
      'Find out who made it, or choose an encrypted one.',
    ),
  ];
}
