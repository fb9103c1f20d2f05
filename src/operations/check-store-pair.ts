import { type Check, failed, passed } from '../base/verdict.ts';
import type { StoreLooks } from '../ports/world.ts';
import { isSameStore, keepOffProduction } from './keep-off-production.ts';
import { blocker, sayCredentials } from './open-targets.ts';

export type StorePair = {
  readonly from: StoreLooks;
  readonly into: StoreLooks;
  /** In a drill: what `into` must not be. */
  readonly production?: StoreLooks;
};

/** Both answer, the one is not the other, and a drill's is not production: told by identity, since names deceive. */
export async function checkStorePair({ from, into, production }: StorePair): Promise<readonly Check[]> {
  const [source, target] = await Promise.all([from.access(), into.access()]);
  if (!source.ok) return [blocker(source.failure)];
  if (!target.ok) return [blocker(target.failure)];
  if (isSameStore(source.value.identity, target.value.identity)) {
    return [failed(`${into.address} is the source itself.`, 'Name the bucket that was lost as the target.')];
  }
  const said = [...sayCredentials(from, source.value), ...sayCredentials(into, target.value)];
  if (production === undefined) return [...said, passed(`${from.address} and ${into.address} answer`)];
  return [...said, await keepOffProduction({ into, identity: target.value.identity, production })];
}
