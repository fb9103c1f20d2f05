import { afterAll, beforeAll } from 'vitest';

/** A set-up file: files share a process, so that what they import is loaded once; what one sets in the environment ends with it. */
let before: NodeJS.ProcessEnv = {};
beforeAll(() => {
  before = { ...process.env };
});
afterAll(() => {
  for (const name of Object.keys(process.env))
    if (!(name in before)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
});
