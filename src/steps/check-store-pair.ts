import { type Check, failed, passed } from '../base/verdict.ts';
import type { ObjectStore, StoreIdentity } from '../ports/object-store.ts';
import { blocker } from './open-targets.ts';

export type StorePair = {
  readonly from: ObjectStore;
  readonly into: ObjectStore;
  /** In a drill: what `into` must not be. */
  readonly production?: ObjectStore;
};

/** Both answer, the one is not the other, and a drill's is not production: told by identity, since names deceive. */
export async function checkStorePair({ from, into, production }: StorePair): Promise<readonly Check[]> {
  const [source, target] = await Promise.all([from.access(), into.access()]);
  if (!source.ok) return [blocker(source.failure)];
  if (!target.ok) return [blocker(target.failure)];
  if (same(source.value.identity, target.value.identity)) {
    return [failed(`${into.address} is the source itself.`, 'Name the bucket that was lost as the target.')];
  }
  if (production === undefined) return [passed(`${from.address} and ${into.address} answer`)];
  const live = await production.access();
  if (!live.ok) {
    return [
      failed(
        `It cannot be shown that ${into.address} is not production: ${live.failure.message}`,
        live.failure.remedy,
      ),
    ];
  }
  if (!same(live.value.identity, target.value.identity))
    return [passed(`the drill's store ${into.address} is not production (${production.address})`)];
  return [
    blocker({
      code: 'production-target',
      message: `The drill's object store ${into.address} is production.`,
      remedy: "Name a sandbox bucket or folder as the drill's object store.",
      retry: 'after-fix',
    }),
  ];
}

function same(a: StoreIdentity, b: StoreIdentity): boolean {
  return a.endpoint === b.endpoint && a.bucket === b.bucket;
}
