import { defineConfig } from 'vitest/config';

// Two projects: `fast` needs nothing but this checkout, `parts` starts real servers.
export default defineConfig({
  test: {
    // Much of the time goes into waiting for servers; on two cores vitest alone would take one file at a time.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/adapters/**', 'test/scenarios/**', 'test/sandbox/**'],
        },
      },
      {
        test: {
          name: 'parts',
          include: ['test/{adapters,scenarios,sandbox}/**/*.test.{ts,tsx}'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
