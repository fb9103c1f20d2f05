import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { commandList } from '../../src/commands/list.ts';

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
    // Every declaration is among them, so the list is not empty by mistake.
    expect(loaded.filter((path) => /^dist\/commands\/[a-z-]+\.js$/.test(path)).length).toBeGreaterThan(
      commandList.length,
    );
    expect(
      loaded.filter((path) =>
        /node_modules|^dist\/(?!(app|base|cli|commands|journal|backups\/schedules)\/|main\.js)|commands\/actions/.test(
          path,
        ),
      ),
    ).toEqual([]);
    expect(loaded.length).toBeLessThan(70);
  },
);
