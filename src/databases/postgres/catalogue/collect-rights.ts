import type { Catalogue, CatalogueObject } from '../../../ports/catalogue.ts';
import type { LoginRights } from '../../../ports/login-rights.ts';
import { collectLogins, readObjectRights } from '../login-rights.ts';
import type { Task } from '../plan-owners.ts';
import type { Session } from '../session.ts';
import {
  type InTrial,
  lastSections,
  majorOf,
  readLast,
  readRightsOf,
  rightsSections,
} from './read-catalogue.ts';

/**
 * What a trial would leave, read before each of its transactions is taken back: no transaction could hold the locks of all objects.
 */
export function rightsCollector(
  session: Session,
  { logins, ...trial }: InTrial & { readonly logins: readonly string[] },
) {
  const objects: CatalogueObject[] = [];
  const ofLogins: Awaited<ReturnType<typeof readObjectRights>>[] = [];
  const classIds: string[] = [];
  const objectIds: string[] = [];
  return {
    /** Within the transaction in which these were done. */
    async take(tasks: readonly Task[]): Promise<void> {
      const about = new Map(
        tasks.flatMap(({ object }) => (object ? [[object.objectId, object] as const] : [])),
      );
      const ids = {
        classIds: [...about.values()].map(({ classId }) => classId),
        objectIds: [...about.keys()],
      };
      classIds.push(...ids.classIds);
      objectIds.push(...ids.objectIds);
      objects.push(...(await readRightsOf(session, { these: ids, trial })));
      ofLogins.push(await readObjectRights(session, { roles: logins, these: ids, trial }));
    },
    /** Within the last one. */
    async finish(): Promise<{ readonly catalogue: Catalogue; readonly logins: readonly LoginRights[] }> {
      const others = { classIds, objectIds };
      objects.push(...(await readRightsOf(session, { others, trial })));
      ofLogins.push(await readObjectRights(session, { roles: logins, others, trial }));
      objects.push(...(await readLast(session)));
      const catalogue = {
        serverMajor: majorOf(session),
        sections: [...rightsSections, ...lastSections],
        objects: added(objects),
      };
      return { catalogue, logins: await collectLogins(session, ofLogins, logins) };
    },
  };
}

/** What the parts say of the large objects of one owner makes one line. */
function added(objects: readonly CatalogueObject[]): readonly CatalogueObject[] {
  const isSum = ({ name, section }: CatalogueObject) =>
    section === 'owners' && name.startsWith('large objects of ');
  const sums = Map.groupBy(objects.filter(isSum), ({ name }) => name);
  const lines = [...sums.values()].flatMap(([first, ...more]) => {
    if (first === undefined) return [];
    const numbers = [first, ...more].map(({ text }) => text.split(' ').map(BigInt));
    const sum = (place: number) => numbers.reduce((all, one) => all + (one[place] ?? 0n), 0n);
    return [{ ...first, text: `${sum(0)} ${sum(1)}` }];
  });
  return [...objects.filter((object) => !isSum(object)), ...lines];
}
