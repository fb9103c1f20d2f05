import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

/**
 * What bin/thaw.js starts: the compiled program and its libraries in a few files instead of six hundred. Reading and compiling those was
 * two fifths of the processor's time of a start. What is loaded late stays in files of its own.
 */
const dist = join(import.meta.dirname, '../dist');

/** Ink imports one function from a library of four hundred files, and the tools of a developer that nobody has. */
const less: Plugin = {
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

await rm(join(dist, 'bundle'), { recursive: true, force: true });
await build({
  // The second is the application of the rehearsal, which one file has to hold as well (single-file.ts).
  entryPoints: ['main.js', 'sandbox/crm/main.js'].map((path) => join(dist, path)),
  outbase: dist,
  outdir: join(dist, 'bundle'),
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
