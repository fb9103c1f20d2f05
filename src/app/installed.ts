import { readFileSync } from 'node:fs';
import { ownFile } from '../platform/own-files.ts';

/** What came along with the program. */
export const thawVersion: string = (
  JSON.parse(readFileSync(ownFile('package.json'), 'utf8')) as { version: string }
).version;

export const launcher = ownFile('bin/thaw.js');

/** The runbooks that anybody may use, beside those of the folder one stands in. */
export const ownRunbooks = ownFile('runbooks/');
