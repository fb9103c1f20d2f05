import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** A walk of minutes that begins last keeps one processor waiting for the other. The longest first, measured on two cores. */
const longestFirst = [
  'scenarios/systems/dolibarr-erp.',
  'scenarios/kill-and-resume.',
  'scenarios/systems/nmia.',
  'scenarios/systems/whatsapp-mcp.',
  'scenarios/swap.',
  'scenarios/throwaway-cluster.',
  'scenarios/restore-real-stack.',
  'scenarios/bad-input.',
  'scenarios/writers-back.',
  'layers/layer-limits.',
  'attacks/',
  'scenarios/systems/',
  'scenarios/objects/content.',
  'scenarios/backups/job-alerts.',
  'databases/postgres/pg-database-server.',
  'services/kubernetes/pod-container.',
  'scenarios/drill.',
  'scenarios/',
  'stores/',
  'services/',
  'sandbox/',
  'adapters/',
  'databases/',
  'layers/',
  'terminal/',
  'registry/add-a-',
];

/** Their tests start real servers and programs. */
const parts = ['adapters', 'attacks', 'databases', 'layers', 'sandbox', 'scenarios', 'services', 'stores'];

/** What depends on the version of PostgreSQL: how it is dumped, restored, swapped, locked up, and recovered. */
const matrix = [
  'test/attacks/**',
  'test/databases/postgres/**',
  'test/scenarios/dump-formats.test.ts',
  'test/scenarios/owners-and-grants.test.ts',
  'test/scenarios/point-in-time.test.ts',
  'test/scenarios/swap.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = longestFirst.findIndex((name) => moduleId.includes(`/test/${name}`));
      return found === -1 ? longestFirst.length : found;
    };
    return files.toSorted((one, other) => place(one) - place(other));
  }
}

/**
 * Files one after the other in a process of a worker: what they import is loaded and compiled once, which was a quarter of the
 * processor's time of the fast tests. Loading fast-check everywhere would cost as well: only where it changes something.
 */
const shared = {
  isolate: false,
  setupFiles: [
    'test/parts/own-environment.ts',
    ...(process.env.THAW_TEST_RUNS === undefined ? [] : ['test/parts/more-runs.ts']),
  ],
};

/**
 * Tests that start real servers: they take their time, and more where others work beside them. The limit ends what hangs; the longest test,
 * which backs up, drills and restores through a container, takes two minutes by itself on a slow host.
 */
const patient = { testTimeout: 300_000, hookTimeout: 600_000 };

// `fast` needs nothing but this checkout, `parts` starts real servers. The other tiers run alone: CONTRIBUTING.md.
const tiers: Readonly<Record<string, TestProjectConfiguration[]>> = {
  test: [
    {
      test: {
        name: 'fast',
        ...shared,
        include: ['test/**/*.test.{ts,tsx}'],
        exclude: [...parts, 'faults', 'versions'].map((room) => `test/${room}/**`),
        // Some stretch a key or start the whole program: on a busy host that takes many times as long.
        testTimeout: 60_000,
        // Of vitest itself it is 10 s, and whole walks are prepared in a hook.
        hookTimeout: 60_000,
      },
    },
    {
      test: {
        name: 'parts',
        ...shared,
        include: parts.map((room) => `test/${room}/**/*.test.{ts,tsx}`),
        globalSetup: 'test/parts/share-servers.ts',
        ...patient,
      },
    },
  ],
  matrix: [
    {
      test: {
        name: `postgres-${process.env.THAW_TEST_MAJOR}`,
        ...shared,
        // Where CI has little time left; it says so.
        include: (process.env.THAW_TEST_MATRIX === 'short'
          ? matrix.filter((path) => path.includes('/scenarios/'))
          : matrix
        ).map((path) => path.replace(/\*\*$/, '**/*.test.ts')),
        globalSetup: ['test/parts/share-servers.ts', 'test/parts/expect-major.ts'],
        ...patient,
      },
    },
  ],
  versions: [
    {
      test: {
        name: 'versions',
        ...shared,
        include: ['test/versions/**/*.test.ts'],
        globalSetup: 'test/parts/share-servers.ts',
        ...patient,
      },
    },
  ],
  faults: [
    {
      test: {
        name: 'faults',
        ...shared,
        include: ['test/faults/**/*.test.ts'],
        globalSetup: 'test/parts/share-servers.ts',
        testTimeout: 3_600_000,
        hookTimeout: 600_000,
      },
    },
  ],
};

export default defineConfig({
  test: {
    // Much of the time goes into waiting for servers; on two cores vitest alone would take one file at a time.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    projects: tiers[process.env.THAW_TEST_TIER ?? 'test'] ?? [],
  },
});
