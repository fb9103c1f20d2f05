import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What came along with the program, and stands beside src/ and dist/ alike. */
const root = new URL('../../', import.meta.url);

export const thawVersion: string = (
  JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }
).version;

export const launcher = fileURLToPath(new URL('bin/thaw.js', root));

/** The runbooks that anybody may use, beside those of the folder one stands in. */
export const ownRunbooks = fileURLToPath(new URL('runbooks/', root));
