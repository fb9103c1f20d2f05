import fc from 'fast-check';
import { runsOf } from './property-runs.ts';

/** A set-up file of the night alone: the properties that name no number of their own. fast-check's usual number is 100. */
fc.configureGlobal({
  numRuns: runsOf(100),
  ...(process.env.THAW_TEST_SEED === undefined ? {} : { seed: Number(process.env.THAW_TEST_SEED) }),
});
