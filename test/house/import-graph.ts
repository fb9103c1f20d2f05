import type { Import } from './read-sources.ts';

type Edge = Pick<Import, 'target' | 'isFile'> & { readonly from: string };

/** Every file that the entrances lead to, themselves included. */
export function reachableFrom(entrances: readonly string[], edges: readonly Edge[]): ReadonlySet<string> {
  const next = neighbours(edges);
  const reached = new Set<string>();
  const waiting = [...entrances];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    waiting.push(...(next.get(path) ?? []));
  }
  return reached;
}

/** Each circle once, as the files along it; found depth first. */
export function cyclesIn(edges: readonly Edge[]): readonly (readonly string[])[] {
  const next = neighbours(edges);
  const done = new Set<string>();
  const cycles: string[][] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      cycles.push([...trail.slice(start), path]);
      return;
    }
    if (done.has(path)) return;
    for (const target of next.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of next.keys()) walk(path, []);
  return cycles;
}

function neighbours(edges: readonly Edge[]): ReadonlyMap<string, readonly string[]> {
  const next = new Map<string, string[]>();
  for (const { from, target, isFile } of edges)
    if (isFile) next.set(from, [...(next.get(from) ?? []), target]);
  return next;
}
