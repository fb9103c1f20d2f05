import { posix } from 'node:path';

type ArchiveEntry = {
  readonly name: string;
  readonly type: string | null;
  readonly linkTo?: string | null | undefined;
  /** Of the extended header, where there is one. */
  readonly pax?: unknown;
};

/** What keeps an archive from being put below a folder, in words; undefined where nothing does. */
type PlaceJudge = {
  /** Takes entry after entry, since each may be harmless by itself and leave the folder through another one. */
  add(entry: ArchiveEntry): string | undefined;
  /** After the last one: only then it is known what a link really leads to. */
  conclude(): string | undefined;
};

type Kind = 'file' | 'folder' | 'link';

/**
 * @param tolerated links that are somebody else's to judge: nothing is put below them, and where they lead is not asked.
 */
export function createPlaceJudge(tolerated?: RegExp): PlaceJudge {
  const kinds = new Map<string, Kind>();
  const links = new Map<string, string>();

  /** Whatever stands above it must be a folder, and is one from now on. */
  function judgeAbove(path: string): string | undefined {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const above = path.slice(0, at);
      const kind = kinds.get(above) ?? 'folder';
      if (kind === 'link') return `${quoted(path)} would be written through a link`;
      if (kind === 'file') return `${quoted(path)} would be written below a file`;
      kinds.set(above, kind);
    }
    return undefined;
  }

  function put(path: string, ...[kind, mayReplace]: [Kind, boolean]): string | undefined {
    const there = kinds.get(path);
    if (there !== undefined && !(mayReplace && there === kind))
      return `${quoted(path)} would be written over a ${there}`;
    kinds.set(path, kind);
    return undefined;
  }

  return {
    add(entry) {
      const { name, type, linkTo } = entry;
      const path = insidePath(name);
      if (path === undefined) return `${quoted(name)} would leave the folder`;
      if (path === '') return type === 'directory' ? undefined : `${quoted(name)} is no name`;
      const above = judgeAbove(path);
      if (above !== undefined) return above;
      if (isSparse(entry)) return `${quoted(name)} is a sparse file, which is not read here`;
      if (type === 'directory') return put(path, 'folder', true);
      if (type === 'file' || type === 'contiguous-file') return put(path, 'file', true);
      if (type === 'symlink') {
        if (!linkTo) return `the link ${quoted(name)} leads nowhere`;
        if (tolerated?.test(path) !== true) links.set(path, linkTo);
        return put(path, 'link', false);
      }
      if (type !== 'link') return `${quoted(name)} is a ${type ?? 'kind of entry that is not known here'}`;
      const to = insidePath(linkTo ?? '');
      if (to === undefined || kinds.get(to) !== 'file')
        return `the hard link ${quoted(name)} leads to ${quoted(linkTo ?? '')}, no file of the archive`;
      return put(path, 'file', false);
    },
    conclude() {
      const [out] = linksThatLeaveFolder(links);
      if (out === undefined) return undefined;
      return `the link ${quoted(out)} leads out of the folder, to ${quoted(links.get(out) ?? '')}`;
    },
  };
}

/** GNU tar's: the content of such an entry begins with a map, or has holes that are not in the archive. */
function isSparse({ pax }: ArchiveEntry): boolean {
  if (typeof pax !== 'object' || pax === null) return false;
  return Object.keys(pax).some((key) => key.startsWith('GNU.sparse.'));
}

/** As many as the kernel follows before it gives up. */
const mostLinks = 40;

/**
 * Which of these links of a tree lead out of it, resolved as the kernel does: `..` behind a link climbs from where that link
 * leads, whatever the spelling looks like. What does not exist is taken for a folder, since it may become one.
 *
 * @param links what each leads to, by its place in the tree.
 */
export function linksThatLeaveFolder(links: ReadonlyMap<string, string>): readonly string[] {
  return [...links.keys()].filter((path) => leaves(path, links));
}

function leaves(path: string, links: ReadonlyMap<string, string>): boolean {
  const place = path.split('/').slice(0, -1);
  const ahead = [...stepsOf(links.get(path) ?? '')].reverse();
  for (let followed = 0; ; ) {
    const step = ahead.pop();
    if (step === undefined) return false;
    if (step === '/') return true;
    if (step === '..') {
      if (place.pop() === undefined) return true;
      continue;
    }
    const target = links.get([...place, step].join('/'));
    if (target === undefined) {
      place.push(step);
      continue;
    }
    followed += 1;
    if (followed > mostLinks) return false;
    ahead.push(...[...stepsOf(target)].reverse());
  }
}

function stepsOf(target: string): readonly string[] {
  const steps = target.split('/').filter((step) => step !== '' && step !== '.');
  return posix.isAbsolute(target) ? ['/', ...steps] : steps;
}

/** Normalised, without a slash at its end; undefined when it is absolute or climbs out. */
export function insidePath(name: string): string | undefined {
  if (name.includes('\0') || posix.isAbsolute(name)) return undefined;
  const path = posix.normalize(name === '' ? '.' : name).replace(/\/+$/, '');
  if (path === '..' || path.startsWith('../')) return undefined;
  return path === '.' ? '' : path;
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
}
