/** How many runs a property gets: `npm run test:night` gives each many times as many (THAW_TEST_RUNS). */
export function runsOf(usual: number): number {
  return usual * Number(process.env.THAW_TEST_RUNS ?? 1);
}
