import { fail, succeed } from '../../src/base/failure.ts';
import { createSecret } from '../../src/base/secret.ts';
import type { ClusterDriver, PlaceState, Repository, ServerState } from '../../src/ports/cluster-tools.ts';

export type FakeClusterTools = ClusterDriver & {
  /** Every call that changes something, in order. */
  readonly changes: string[];
  nextState: ServerState;
  place: PlaceState;
  newestMajor: number;
};

export const quiet: ServerState = { running: true, logLines: 3, lastLines: [], segmentsReplayed: 2 };

/** A cluster that is only remembered: what was asked of it, and how it shall look. */
export function createFakeClusterTools(repository: Repository): FakeClusterTools {
  const changes: string[] = [];
  const change = (text: string) => async () => {
    changes.push(text);
    return succeed(undefined);
  };
  const tools: FakeClusterTools = {
    changes,
    nextState: { ...quiet, running: false },
    place: { kind: 'free' },
    newestMajor: 15,
    newestVersion: async () => succeed({ major: tools.newestMajor, text: `${tools.newestMajor}.4` }),
    describeRaise: (place) => [`initdb --pgdata=${place.folder}`, `postgres -D ${place.folder}`],
    raise: async () => {
      if (tools.place.kind === 'taken') return fail(takenPlace(tools.place.what));
      tools.place = { kind: 'own' };
      tools.nextState = quiet;
      return change('raise')();
    },
    serverVersion: async (major) => succeed({ major, text: `${major}.18` }),
    look: async () => succeed(tools.place),
    make: async () => {
      tools.place = { kind: 'own' };
      return change('make')();
    },
    walFile: (place, name) => `${place.folder}.recovery/wal/${name}`,
    unpackTar: change('unpack'),
    verifyFiles: async () => succeed('pg_verifybackup 15.18'),
    control: async () =>
      succeed({
        systemIdentifier: '77',
        timeline: 1,
        segmentBytes: 16_777_216,
        state: 'in archive recovery',
      }),
    configure: async ({ targetTimeMs, timeline, restoreCommand }) => {
      changes.push(`configure ${targetTimeMs ?? 'end'} ${timeline} ${restoreCommand}`);
      return succeed(['archive_command']);
    },
    describeStart: (place) => `pg_ctl start -D ${place.folder}`,
    start: async () => {
      tools.nextState = quiet;
      return change('start')();
    },
    state: async () => succeed(tools.nextState),
    promote: change('promote'),
    stop: async () => {
      tools.nextState = { ...quiet, running: false };
      return change('stop')();
    },
    remove: async () => {
      if (tools.place.kind === 'own') {
        tools.place = { kind: 'free' };
        tools.nextState = { ...quiet, running: false };
      }
      return change('remove')();
    },
    url: () => createSecret('postgresql://postgres@localhost/postgres'),
    repository: async () => succeed(repository),
    describeRepositoryRestore: ({ label }) => `pgbackrest --set=${label} restore`,
    restoreFromRepository: async ({ label }) => change(`restore ${label}`)(),
    repositoryCommand: () => 'pgbackrest archive-get %f "%p"',
    folderCommand: () => 'cp %f "%p"',
  };
  return tools;
}

function takenPlace(what: string) {
  return {
    code: 'conflict',
    message: `A throwaway cluster needs a folder of its own: ${what}.`,
    remedy: 'Move it aside.',
    retry: 'after-fix',
  } as const;
}
