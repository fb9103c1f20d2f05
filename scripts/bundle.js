import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * JavaScript, since a host's own Node may run it, which may be too old to read types.
 *
 * What bin/thaw.js starts: the program and its libraries in a few files instead of six hundred. Reading and compiling those was
 * two fifths of the processor's time of a start. What is loaded late stays in files of its own.
 */
const root = join(import.meta.dirname, '..');

/**
 * Ink imports one function from a library of four hundred files, and the tools of a developer that nobody has.
 * @type {import('esbuild').Plugin}
 */
const less = {
  name: 'less',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^es-toolkit\/compat$/ }, async ({ path, pluginData, ...asked }) => {
      if (pluginData === 'asked') return undefined;
      const found = await resolve(path, { ...asked, pluginData: 'asked' });
      return { ...found, path: found.path.replace(/index\.m?js$/, 'function/throttle.mjs') };
    });
    onResolve({ filter: /^(react-devtools-core|pg-native)$/ }, ({ path }) => ({ path, namespace: 'absent' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
      contents: `throw Object.assign(new Error('${path} did not come along.'), { code: 'MODULE_NOT_FOUND' });`,
    }));
  },
};

await rm(join(root, 'dist/bundle'), { recursive: true, force: true });
await build({
  // The second is the application of the rehearsal, a program of its own.
  entryPoints: ['main.ts', 'sandbox/crm/main.ts'].map((path) => join(root, 'src', path)),
  outbase: join(root, 'src'),
  outdir: join(root, 'dist/bundle'),
  bundle: true,
  splitting: true,
  format: 'esm',
  // Of a library that comes as both, what names its exports.
  mainFields: ['module', 'main'],
  platform: 'node',
  target: 'node22',
  define: { 'process.env.NODE_ENV': '"production"' },
  // Stack traces name functions, and what is missing at runtime is named by whoever asks for it.
  keepNames: true,
  minifySyntax: true,
  minifyWhitespace: true,
  // Beside each file, so that nobody has to read them at each start.
  legalComments: 'external',
  plugins: [less],
  // CommonJS within asks for Node's own modules.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
