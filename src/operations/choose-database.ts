import { shorten } from '../backups/compare-inventories.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { Targets } from '../kinds/targets.ts';
import type { ChooseDatabase, DumpedSection } from '../ports/dump-tools.ts';
import type { World } from '../ports/world.ts';
import { productionServer } from './open-targets.ts';

/** The server's own: nobody restores these for what is in them. */
const own = new Set(['postgres', 'template0', 'template1']);

/** Which database of a dump of a whole server is the one of the runbook. */
export function chooseDatabase(context: {
  readonly world: {
    openDatabaseServer(...place: Parameters<World['openDatabaseServer']>): { readonly databaseName: string };
  };
  readonly targets: Targets;
}): ChooseDatabase {
  const named = context.targets.backups.database;
  const production = productionServer(context).databaseName;
  return <Section extends DumpedSection>(sections: readonly Section[]): Outcome<Section> => {
    const find = (name: string) => sections.find((section) => section.name === name);
    const others = sections.filter(({ name }) => !own.has(name));
    const chosen =
      named === undefined ? (find(production) ?? (others.length === 1 ? others[0] : undefined)) : find(named);
    const all = sections.length === 0 ? 'none' : shorten(sections.map(({ name }) => name));
    if (chosen === undefined) {
      return fail({
        code: 'not-found',
        message: `This dump of a whole server holds no database ${named ?? production}: it has ${all}.`,
        remedy:
          'Name the one to take as `database` under backups.dumps in the runbook, or choose another snapshot.',
        retry: 'after-fix',
      });
    }
    if (chosen.isComplete) return succeed(chosen);
    return fail({
      code: 'damaged',
      message: `This dump of a whole server was cut off in the middle of database ${chosen.name}.`,
      remedy: 'Choose another snapshot.',
      retry: 'never',
    });
  };
}
