import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './read-sources.ts';

/** A room as ARCHITECTURE.md has it: the rows of its table are stairs, and each names the rooms below that it may use. */
export type Room = {
  /** Folder under src, or the one file that is a room of its own. */
  readonly folder: string;
  readonly uses: readonly string[];
};

export const rooms: readonly Room[] = [
  ...readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').matchAll(/^\| `([a-z.]+)` \| [^|]+ \|([^|]*)\|$/gm),
].map(([, folder = '', uses = '']) => ({
  folder,
  uses: uses
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean),
}));

const terminal = ['node:stream', 'node:readline', 'node:readline/promises', 'node:util'];

/** Packages and node: modules of a room, beside the drivers below. */
export const packages: Readonly<Record<string, readonly string[]>> = {
  // node:util for the escape sequences of terminals: it computes and touches nothing.
  base: ['node:crypto', 'node:util'],
  // Streams as types only: the ports say what flows, they move nothing.
  ports: ['type node:stream'],
  backups: ['zod', 'yaml', 'node:crypto', 'node:util'],
  kinds: ['zod', 'yaml', 'node:crypto'],
  // node:path joins names: it computes and touches nothing.
  draft: ['zod', 'yaml', 'node:path'],
  runbook: ['zod', 'yaml', 'node:crypto'],
  journal: ['zod', 'node:crypto'],
  record: ['zod'],
  // node:zlib for a list in memory, node:stream for a body that is hashed while it passes: they compute and touch nothing.
  operations: ['zod', 'node:crypto', 'node:stream', 'node:zlib'],
  steps: ['zod', 'node:crypto', 'node:stream', 'node:zlib'],
  producer: [
    ...['zod', 'micromark', 'micromark-extension-gfm', 'node:crypto', 'node:util', 'node:zlib'],
    ...['node:stream', 'node:stream/consumers'],
  ],
  ui: ['ink', 'react', 'ink-select-input', 'string-width', ...terminal],
  plain: terminal,
  sandbox: ['node:*'],
  // Their kinds declare what the runbook may say of them; what other programs print is read by schema.
  ...Object.fromEntries(
    ['platform', 'adapters', 'databases', 'layers', 'services', 'stores'].map((room) => [
      room,
      ['zod', 'node:*'],
    ]),
  ),
  // Compose files are read as they are written.
  services: ['zod', 'yaml', 'node:*'],
  ...Object.fromEntries(['registry', 'app', 'commands', 'cli', 'main.ts'].map((room) => [room, ['node:*']])),
};

/** These read the clock, the process, chance or the console; all others are pure and take it from a port. */
export const worldly = [
  ...['platform', 'adapters', 'databases', 'layers', 'services', 'stores', 'sandbox'],
  ...['ui', 'plain', 'registry', 'app', 'commands', 'cli', 'main.ts'],
];

/** In these each folder is a flat of its own: neighbours do not know each other. */
export const flats = ['adapters', 'databases', 'services', 'steps', 'stores'];

/** Drivers live in one folder each, so that replacing one changes one folder. */
export const driverFolders: Readonly<Record<string, readonly string[]>> = {
  pg: ['databases/postgres', 'sandbox/crm'],
  '@aws-sdk': ['stores/s3'],
  '@smithy': ['stores/s3'],
  openpgp: ['layers/openpgp'],
  'age-encryption': ['layers/age'],
  nodemailer: ['adapters/alerts', 'adapters/mail'],
  execa: ['adapters/process'],
  'tar-stream': ['adapters/tree', 'databases/postgres', 'databases/route'],
  'shamir-secret-sharing': ['adapters/shamir'],
};

/** One file of a room that may do what its neighbours may not. */
export const exceptions: Readonly<Record<string, readonly string[]>> = {
  // Evidence that somebody may have written by hand.
  'src/app/chain-heads.ts': ['zod'],
  // The operator's own pager and shell on the operator's own terminal, while the screen has stepped aside.
  'src/ui/lend-terminal.ts': ['node:child_process', 'node:fs'],
};

/** Where the program and its helpers begin; what none of them reaches is dead. */
export const entrances = ['src/main.ts', 'src/sandbox/crm/main.ts'];

/** Names that say nothing about what is inside. */
export const emptyNames = [
  ...['utils', 'helpers', 'common', 'lib', 'misc', 'types', 'interfaces', 'index', 'constants', 'manager'],
];

/** Methods whose parameters node:stream has laid down. */
export const shapesOfOthers = ['transform', 'write'];

export const limits = { fileLines: 300, functionLines: 70, positionalParameters: 2 } as const;

/** The room of a file under src: src/base/units.ts is in base, src/stores/s3/s3-list.ts in adapters. */
export function roomOf(path: string): Room | undefined {
  const [, first] = path.split('/');
  return rooms.find(({ folder }) => folder === first);
}

/** src/adapters/s3/s3-list.ts lives in adapters/s3; a file of a room without flats, or beside them, in the room itself. */
export function flatOf(path: string): string {
  const [, room = '', flat = '', inside] = path.split('/');
  return flats.includes(room) && inside !== undefined ? `${room}/${flat}` : room;
}
