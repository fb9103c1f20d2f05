import { ownFile, ownText } from '../platform/own-files.ts';

/** What came along with the program. */
export const thawVersion: string = (JSON.parse(ownText('package.json')) as { version: string }).version;

/** The runbooks that anybody may use, beside those of the folder one stands in. */
export const ownRunbooks = (): string => ownFile('runbooks/');
