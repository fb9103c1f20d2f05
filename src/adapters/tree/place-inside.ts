import { posix } from 'node:path';

/** What keeps an entry of an archive from being put below a folder; undefined where nothing does. */
export type PlaceJudge = {
  judge(entry: ArchiveEntry): { readonly path: string } | { readonly because: string } | undefined;
};

export type ArchiveEntry = {
  readonly name: string;
  readonly type: string;
  readonly linkTo?: string | null | undefined;
};

/**
 * Judges entry after entry, since an entry may be harmless by itself and leave the folder through a link that an earlier
 * one has laid (CVE-2001-1267 and its many children).
 */
export function createPlaceJudge(): PlaceJudge {
  const links = new Set<string>();
  const files = new Set<string>();

  function throughLink(path: string): boolean {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
      if (links.has(path.slice(0, at))) return true;
    return false;
  }

  return {
    judge({ name, type, linkTo }) {
      const path = insidePath(name);
      if (path === undefined) return { because: `${quoted(name)} would leave the folder` };
      if (path === '') return type === 'directory' ? undefined : { because: `${quoted(name)} is no name` };
      if (throughLink(path)) return { because: `${quoted(name)} would be written through a link` };
      if (type === 'directory') return { path };
      if (links.has(path)) return { because: `${quoted(name)} would be written over a link` };
      if (type === 'file' || type === 'contiguous-file') {
        files.add(path);
        return { path };
      }
      if (type === 'symlink') {
        if (insidePath(posix.join(posix.dirname(path), linkTo ?? ''), linkTo) === undefined)
          return { because: `the link ${quoted(name)} leads out of the folder, to ${quoted(linkTo ?? '')}` };
        links.add(path);
        return { path };
      }
      if (type === 'link') {
        const to = insidePath(linkTo ?? '');
        if (to === undefined || !files.has(to))
          return {
            because: `the hard link ${quoted(name)} leads to ${quoted(linkTo ?? '')}, no file of the archive`,
          };
        files.add(path);
        return { path };
      }
      return { because: `${quoted(name)} is a ${type}` };
    },
  };
}

/** Normalised, without a slash at its end; undefined when it is absolute or climbs out. */
export function insidePath(name: string, original: string | null | undefined = name): string | undefined {
  if (name.includes('\0') || posix.isAbsolute(original ?? '')) return undefined;
  const path = posix.normalize(name === '' ? '.' : name).replace(/\/+$/, '');
  if (path === '..' || path.startsWith('../')) return undefined;
  return path === '.' ? '' : path;
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
}
