import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { Layer } from '../ports/unpacker.ts';
import { type Layout, namesTime } from './layout.ts';
import { isoWeek } from './named-time.ts';
import { layersOf, unwrappedKey } from './wrapping.ts';

/** The key under which a new dump goes: the layout read backwards. Fails when it cannot name such a dump. */
export function formatKey(
  layout: Layout,
  dump: {
    readonly timeMs: number;
    readonly host: string;
    readonly tier?: string | undefined;
    readonly name: string;
    /** Outermost first. */
    readonly layers: readonly Layer[];
  },
): Outcome<string> {
  if (!namesTime(layout.pattern))
    return fail(unfit(layout, 'it names no time, so a second dump would stand in the place of the first'));
  const iso = new Date(dump.timeMs).toISOString();
  const values: Readonly<Record<string, string | undefined>> = {
    host: dump.host,
    tier: dump.tier,
    name: dump.name,
    date: iso.slice(0, 10),
    year: iso.slice(0, 4),
    month: layout.pattern.includes('{year}') ? iso.slice(5, 7) : iso.slice(0, 7),
    day: iso.slice(8, 10),
    week: isoWeek(dump.timeMs),
    hour: iso.slice(11, 13),
    minute: iso.slice(14, 16),
    time: iso.slice(11, 19).replaceAll(':', ''),
    timestamp: `${iso.slice(0, 19).replaceAll(/[-:]/g, '')}Z`,
  };
  const missing = [...layout.pattern.matchAll(/\{([^}]+)\}/g)]
    .map(([, part = '']) => part)
    .filter((part) => !values[part] || values[part]?.includes('/'));
  if (missing.length > 0) return fail(unfit(layout, `it needs a {${missing[0]}} without a slash`));
  const wanted = dump.layers.join(' ');
  const fitting = optionalEndings(layout.pattern).filter((one) => layersOf(one).join(' ') === wanted);
  // pg_dump writes its custom format: under a name that says SQL nobody else could restore it.
  const pattern = fitting.find(saysArchive) ?? fitting.find((one) => !saysSql(one));
  if (pattern === undefined && fitting.length > 0)
    return fail(unfit(layout, 'it calls a dump SQL, and `thaw backup` makes archives: add [.dump]'));
  if (pattern === undefined) {
    return fail(
      unfit(layout, `its endings cannot say ${wanted === '' ? 'that nothing wraps the dump' : wanted}`),
    );
  }
  const key = pattern.replace(/\{([^}]+)\}/g, (_, part: string) => values[part] ?? '');
  const match = layout.match(key);
  if (match === undefined || match.layers.join(' ') !== wanted)
    return fail(unfit(layout, `${key} would not be found again`));
  return succeed(key);
}

function saysArchive(pattern: string): boolean {
  return unwrappedKey(pattern).endsWith('.dump') && !saysSql(pattern);
}

function saysSql(pattern: string): boolean {
  return /\.sql(\.|$)/.test(pattern);
}

/** Every way to leave out or keep what stands in square brackets. */
function optionalEndings(pattern: string): readonly string[] {
  const group = /\[([^[\]]*)\]/.exec(pattern);
  if (group === null) return [pattern];
  const without = pattern.slice(0, group.index) + pattern.slice(group.index + group[0].length);
  const withIt =
    pattern.slice(0, group.index) + (group[1] ?? '') + pattern.slice(group.index + group[0].length);
  return [...optionalEndings(withIt), ...optionalEndings(without)];
}

function unfit(layout: Layout, why: string) {
  return {
    code: 'runbook-invalid',
    message: `The layout ${layout.pattern} cannot name a new dump: ${why}.`,
    remedy: 'Make backups.dumps.layout and the producer section (compression, encrypt) of the runbook agree.',
    retry: 'after-fix',
  } as const;
}
