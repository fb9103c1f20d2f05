import type { Catalogue, CatalogueObject } from '../../../ports/catalogue.ts';
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
export function rightsCollector(session: Session, trial: InTrial) {
  const objects: CatalogueObject[] = [];
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
    },
    /** Within the last one. */
    async finish(): Promise<Catalogue> {
      objects.push(...(await readRightsOf(session, { others: { classIds, objectIds }, trial })));
      objects.push(...(await readLast(session)));
      return {
        serverMajor: majorOf(session),
        sections: [...rightsSections, ...lastSections],
        objects: added(objects),
      };
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
