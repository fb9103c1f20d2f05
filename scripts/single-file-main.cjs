// The first thing that runs in the one file (single-file.ts). The bundle lies in it as assets; modules are handed to Node from there, under
// names below the program's own path, where nothing lies on the disk.
const { getAsset } = require('node:sea');
const { registerHooks } = require('node:module');
const { pathToFileURL } = require('node:url');
const { constants, Script } = require('node:vm');

// As bin/thaw.js: libraries decide about colour and development mode while they are loaded.
process.env.NODE_ENV ??= 'production';
if (process.env.NO_COLOR && !('FORCE_COLOR' in process.env)) process.env.FORCE_COLOR = '0';
if (process.argv.includes('--no-color')) process.env.FORCE_COLOR = '0';

const base = `${pathToFileURL(process.execPath).href}/bundle/`;
registerHooks({
  resolve(specifier, context, next) {
    const isOwn =
      specifier.startsWith(base) || (specifier.startsWith('.') && context.parentURL?.startsWith(base));
    if (!isOwn) return next(specifier, context);
    return { url: new URL(specifier, context.parentURL ?? base).href, format: 'module', shortCircuit: true };
  },
  load(url, context, next) {
    if (!url.startsWith(base)) return next(url, context);
    return {
      format: 'module',
      source: getAsset(`bundle/${url.slice(base.length)}`, 'utf8'),
      shortCircuit: true,
    };
  },
});

const part = process.env.THAW_PART ?? 'main';
delete process.env.THAW_PART;
// Node's own loader is lent to a script for this, and says at each start that this may change: its version stands with the file.
const { emitWarning } = process;
process.emitWarning = () => {};
new Script(`import(${JSON.stringify(`${base}${part}.js`)})`, {
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
}).runInThisContext();
process.emitWarning = emitWarning;
