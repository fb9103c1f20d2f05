import { expect, it } from 'vitest';
import { listFiles, readSources, type Source } from './read-sources.ts';
import { limits, roomOf } from './rooms.ts';

const fewLines = 40;

/** Declarations and programs that stay apart, however short they are. */
const boundaries: readonly { readonly files: RegExp; readonly because: string }[] = [
  { files: /^src\/steps\/[^/]+\/kind\.ts$/, because: 'what a step declares is read without what it does' },
  { files: /^src\/sandbox\/crm\//, because: 'the small company is a program that is started on its own' },
];

const sources = readSources(['src', 'scripts', 'bench']);
const tests = new Set(listFiles(['test']));

/** Who uses each file; a test that looks into a piece does not make it one of several. */
const users = new Map<string, Source[]>();
for (const source of sources)
  for (const target of new Set(source.imports.filter(({ isFile }) => isFile).map(({ target }) => target)))
    users.set(target, [...(users.get(target) ?? []), source]);

/** Each small file that only one other of its room uses, and that one. */
const small = sources.flatMap((source) => {
  const [user, ...more] = users.get(source.path) ?? [];
  const isAlone = user !== undefined && more.length === 0 && roomOf(user.path) === roomOf(source.path);
  return isAlone && source.lines < fewLines && source.path.startsWith('src/') ? [{ source, user }] : [];
});

const isBoundary = ({ source, user }: (typeof small)[number]) =>
  boundaries.some(({ files }) => files.test(source.path)) ||
  // A list names one file an entry, whatever the entry's length.
  user.path.endsWith('/list.ts') ||
  // Its own test takes it for a unit.
  tests.has(source.path.replace(/^src\/(.*)\.tsx?$/, 'test/$1.test.ts')) ||
  source.lines + user.lines > limits.fileLines;

it('A file of a few lines that one neighbour uses stands in that neighbour, unless it is a boundary', () => {
  const wrong = small.filter((one) => !isBoundary(one));
  expect(
    wrong.map(
      ({ source, user }) =>
        `${source.path}:1: ${source.lines} lines that only ${user.path} uses. Move them there.`,
    ),
  ).toEqual([]);
});

it('Every boundary keeps a file apart', () => {
  const idle = boundaries.filter(({ files }) => !small.some(({ source }) => files.test(source.path)));
  expect(idle.map(({ because }) => `nothing is kept apart because ${because}. Drop it.`)).toEqual([]);
});
