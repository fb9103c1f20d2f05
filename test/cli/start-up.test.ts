import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Prints every file that is loaded, after everything that the program itself prints. */
const listing = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
  process.on('exit', () => console.error(loaded.join('\\n')));
`)}`;

function filesLoadedBy(...args: readonly string[]): readonly string[] {
  const script = `"$0" --import "$1" bin/thaw.js ${args.join(' ')} 2>&1 >/dev/null`;
  const text = execFileSync('sh', ['-c', script, process.execPath, listing], { cwd: root, encoding: 'utf8' });
  return text.split('\n').filter((url) => url.startsWith('file:'));
}

it.each([[['help']], [['--version']], [['restore', '--help']], [['completions', 'zsh']]])(
  'thaw %j loads declarations and no work, since help has to be instant',
  (args) => {
    const loaded = filesLoadedBy(...args).map((url) => url.slice(url.indexOf(root) + root.length));
    expect(loaded).toContain('bin/thaw.js');
    const bundled = loaded.filter((path) => path.startsWith('dist/bundle/'));
    expect([...bundled, 'bin/thaw.js'].toSorted()).toEqual(loaded.toSorted());
    // Every declaration and every page of help is in that; one library of those that work would be more.
    const bytes = bundled.reduce((sum, path) => sum + statSync(`${root}${path}`).size, 0);
    expect(bytes).toBeGreaterThan(30_000);
    expect(bytes, bundled.join('\n')).toBeLessThan(150_000);
  },
);
