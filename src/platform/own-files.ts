import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder that the program came in: it runs from its sources, compiled, or as one bundle, and these lie at different depths. */
function findRoot(): URL {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    if (existsSync(new URL('package.json', folder))) return folder;
    if (folder.pathname === '/') throw new Error('Broken promise: no package.json above the program.');
  }
}

const root = findRoot();
const runsFromSources = import.meta.url.endsWith('.ts');

/** @param path of what stands beside `src` and `dist`. */
export function ownFile(path: string): string {
  return fileURLToPath(new URL(path, root));
}

/** @param path without its ending, of a file below `src`: as it can be run. */
export function ownProgram(path: string): string {
  return ownFile(runsFromSources ? `src/${path}.ts` : `dist/${path}.js`);
}
