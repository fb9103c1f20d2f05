import { defineConfig } from 'vitest/config';

// Two projects: `fast` needs nothing but this checkout, `parts` starts real servers.
export default defineConfig({
  test: {
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
