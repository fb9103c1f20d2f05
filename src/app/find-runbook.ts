import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { closestTo } from '../base/did-you-mean.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { CommandContext } from './command-context.ts';
import { ownRunbooks } from './installed.ts';
import { kitNames } from './kit-folder.ts';
import { otherThanRunbook } from './other-than-runbook.ts';

export type Where = Pick<CommandContext, 'environment' | 'folder'>;

/** A runbook that was found by looking; nothing of it was checked yet. */
export type FoundRunbook = {
  /** What it is called on the command line: its file without the ending. */
  readonly name: string;
  readonly path: string;
  /** It came along with the program: an example for everybody but the one whose system it is. */
  readonly isExample: boolean;
};

type PlaceOfRunbooks = {
  readonly folder: string;
  readonly isExample: boolean;
  /** Files of other programs lie there, too: only what says that it is a runbook is one. */
  readonly isMixed: boolean;
};

/** In the order in which a name is looked for: what is nearest to the person at the terminal comes first. */
export function placesOfRunbooks({ environment, folder }: Where): readonly PlaceOfRunbooks[] {
  const { HOME: home, XDG_CONFIG_HOME: given = '' } = environment;
  // The XDG base directory specification: a path that is not absolute counts as none.
  const config = isAbsolute(given) ? given : home ? join(home, '.config') : undefined;
  const own = [join(folder, 'runbooks'), folder, ...(config ? [join(config, 'thaw')] : []), '/etc/thaw'];
  return [
    ...own.map((one) => ({ folder: one, isExample: false, isMixed: one === folder })),
    { folder: ownRunbooks(), isExample: true, isMixed: false },
  ];
}

/** Every runbook at hand in that order. One that an earlier place has by the same name hides the later one. */
export async function listRunbooks(where: Where): Promise<readonly FoundRunbook[]> {
  const found: FoundRunbook[] = [];
  const examples = await realPath(ownRunbooks());
  for (const place of placesOfRunbooks(where)) {
    // In a checkout of thaw `runbooks/` are the examples, and nobody's own.
    if (!place.isExample && (await realPath(place.folder)) === examples) continue;
    const here = await runbooksIn(place);
    found.push(...here.filter(({ name }) => !found.some((one) => one.name === name)));
  }
  return found;
}

async function runbooksIn({ folder, isExample, isMixed }: PlaceOfRunbooks): Promise<readonly FoundRunbook[]> {
  const files = (await readdir(folder).catch(() => [])).filter((file) => /\.ya?ml$/.test(file)).sort();
  const all = files.map((file) => ({
    ...{ name: file.replace(/\.ya?ml$/, ''), path: join(folder, file) },
    isExample,
  }));
  if (!isMixed) return all;
  const said = await Promise.all(all.map(async ({ path }) => saysRunbook(await headOf(path))));
  return all.filter((_, index) => said[index]);
}

/** Its first field is the version of the format, and no other file has that. */
function saysRunbook(head: Buffer | undefined): boolean {
  return /^thaw:/m.test(head?.toString('utf8') ?? '');
}

/** By name or by path. A word with a dot or a slash in it is a path. */
export async function findRunbook(name: string, where: Where): Promise<Outcome<string>> {
  if (/^([a-z0-9]+:\/\/|rclone:)/i.test(name)) return fail(isBucket(name));
  if (/[./]/.test(name)) return findByPath(resolve(where.folder, name), where);
  const known = await listRunbooks(where);
  const found = known.find((one) => one.name === name);
  if (found !== undefined) return succeed(found.path);
  // Somebody who stands beside a folder of that name means what is in it.
  const asFolder = resolve(where.folder, name);
  return (await kindOf(asFolder)) === 'folder'
    ? fail(await isFolder(asFolder))
    : fail(noRunbook(name, { where, known }));
}

async function findByPath(path: string, where: Where): Promise<Outcome<string>> {
  const kind = await kindOf(path);
  // Of a kit that lies unpacked, the runbook is meant.
  const inKit = join(path, kitNames.runbook);
  const isKit = kind === 'folder' && (await kindOf(join(path, kitNames.list))) === 'file';
  if (isKit) return succeed(inKit);
  if (kind === 'folder') return fail(await isFolder(path));
  if (kind === 'none') return fail(noRunbook(path, { where, known: await listRunbooks(where) }));
  return succeed(path);
}

/** Only what is there at all can be something else than a runbook. */
async function kindOf(path: string): Promise<'folder' | 'file' | 'none'> {
  return stat(path).then(
    (found) => (found.isDirectory() ? 'folder' : 'file'),
    () => 'none',
  );
}

function wrong(message: string, remedy: string): Failure {
  return { code: 'invalid-input', message, remedy, retry: 'after-fix' };
}

function noRunbook(
  name: string,
  { where, known }: { readonly where: Where; readonly known: readonly FoundRunbook[] },
): Failure {
  const isPath = name.includes('/');
  const close = closestTo(
    basename(name).replace(/\.ya?ml$/, ''),
    known.map((one) => one.name),
  );
  const meant = known.find((one) => one.name === close);
  const own = known.filter(({ isExample }) => !isExample).map((one) => one.name);
  const hint =
    meant !== undefined
      ? `Did you mean ${isPath ? meant.path : meant.name}? `
      : own.length > 0
        ? `There are ${own.join(', ')}. `
        : '';
  const places = placesOfRunbooks(where).map(({ folder }) => folder);
  return wrong(
    isPath
      ? `There is no file ${name}.`
      : `There is no runbook ${name}; looked for ${name}.yaml in ${places.join(', ')}.`,
    `${hint}Give the name of a runbook or the path of its file; \`thaw\` shows those at hand.`,
  );
}

async function isFolder(path: string): Promise<Failure> {
  const inside = await runbooksIn({ folder: path, isExample: false, isMixed: true });
  return wrong(
    `${path} is a folder, not a runbook.`,
    inside.length === 0
      ? 'Give the path of a runbook, a YAML file; `thaw` shows those at hand.'
      : `Name one of those in it: ${inside.map((one) => one.path).join(', ')}.`,
  );
}

function isBucket(name: string): Failure {
  return wrong(
    `${name.replace(/\/\/[^/]*@/, '//')} is the address of a store or a server, not a runbook.`,
    'Give a runbook that names it under backups.store or production.database; docs/write-your-own.md shows one. `thaw restore` alone takes the address of a kit.',
  );
}

/** Told before it is read as YAML, which would have a fault to tell about each line of it. */
export async function refuseOtherFiles(path: string): Promise<Outcome<void>> {
  const head = await headOf(path);
  const other = head === undefined ? undefined : otherThanRunbook(head);
  if (other === undefined) return succeed(undefined);
  return fail(wrong(`${path} is ${other.is}, not a runbook.`, other.remedy));
}

const headBytes = 4096;

/** How a file begins; undefined where it cannot be read, which whoever reads the whole of it tells. */
async function headOf(path: string): Promise<Buffer | undefined> {
  try {
    // A pipe gives its bytes once, to whoever reads the whole of it.
    if (!(await stat(path)).isFile()) return undefined;
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
