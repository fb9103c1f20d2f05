import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** A walk of minutes that begins last keeps one processor waiting for the other. The longest first, measured on two cores. */
const longestFirst = [
  'scenarios/kill-and-resume.',
  'scenarios/bad-input.',
  'scenarios/restore-real-stack.',
  'scenarios/drill.',
  'scenarios/backups/drill-under-load.',
  'scenarios/systems/',
  'layers/open-unpacker.',
  'stores/s3/s3-object-store.',
  'scenarios/',
  'sandbox/',
  'adapters/',
  'databases/',
  'layers/',
  'services/',
  'stores/',
  'terminal/',
];

/** Their tests start real servers and programs. */
const parts = ['adapters', 'attacks', 'databases', 'layers', 'sandbox', 'scenarios', 'services', 'stores'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = longestFirst.findIndex((name) => moduleId.includes(`/test/${name}`));
      return found === -1 ? longestFirst.length : found;
    };
    return files.toSorted((one, other) => place(one) - place(other));
  }
}

// Two projects: `fast` needs nothing but this checkout, `parts` starts real servers.
export default defineConfig({
  test: {
    // Much of the time goes into waiting for servers; on two cores vitest alone would take one file at a time.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: parts.map((room) => `test/${room}/**`),
          // Some stretch a key or start the whole program: on a busy host that takes many times as long.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'parts',
          include: parts.map((room) => `test/${room}/**/*.test.{ts,tsx}`),
          globalSetup: 'test/parts/share-rgw.ts',
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
