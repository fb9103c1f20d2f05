/**
 * The rooms of the house and who may enter which. Read from top to bottom: a room may use what is named in its `uses`,
 * its own files, and nothing else; types count as much as code, since a type is a promise too.
 */
export type Room = {
  /** Folder under src, or the one file that is a room of its own. */
  readonly folder: string;
  readonly uses: readonly string[] | 'everything';
  /** Packages and node: modules, beside those of `narrower`. */
  readonly packages?: readonly string[];
  /** Reads the clock, the process, chance or the console. */
  readonly touchesTheWorld?: true;
};

const terminal = ['node:stream', 'node:readline', 'node:readline/promises', 'node:util'];

export const rooms: readonly Room[] = [
  { folder: 'base', uses: [], packages: ['node:crypto'] },
  // Streams as types only: the ports say what flows, they move nothing.
  { folder: 'ports', uses: ['base'], packages: ['type node:stream'] },
  { folder: 'backups', uses: ['base', 'ports'], packages: ['zod', 'node:crypto', 'node:util'] },
  { folder: 'runbook', uses: ['base', 'backups'], packages: ['zod', 'yaml', 'node:crypto'] },
  { folder: 'journal', uses: ['base'], packages: ['zod', 'node:crypto'] },
  { folder: 'engine', uses: ['base', 'runbook', 'journal', 'ports'] },
  {
    folder: 'steps',
    uses: ['base', 'runbook', 'backups', 'ports', 'engine'],
    // node:zlib for a list in memory, node:stream for a body that is hashed while it passes: they compute and touch nothing.
    packages: ['zod', 'node:crypto', 'node:stream', 'node:zlib'],
  },
  {
    // Above the steps: what proves a backup is what restores one (docs/decisions).
    folder: 'producer',
    uses: ['base', 'runbook', 'backups', 'ports', 'engine', 'steps'],
    packages: ['zod', 'node:crypto', 'node:util', 'node:zlib', 'node:stream', 'node:stream/consumers'],
  },
  { folder: 'record', uses: ['base', 'journal'], packages: ['zod'] },
  // Makes what the steps restore: it stands beside the walk and shares the steps' view of the stores.
  {
    folder: 'producer',
    uses: ['base', 'runbook', 'backups', 'ports', 'engine', 'steps'],
    packages: ['node:crypto', 'node:stream', 'node:stream/consumers', 'node:util', 'node:zlib'],
  },
  { folder: 'session', uses: ['base', 'journal', 'ports', 'engine', 'runbook'] },
  { folder: 'adapters', uses: ['base', 'ports'], packages: ['node:*'], touchesTheWorld: true },
  { folder: 'sandbox', uses: ['base', 'backups', 'ports'], packages: ['node:*'], touchesTheWorld: true },
  {
    folder: 'ui',
    uses: ['base', 'ports', 'session'],
    packages: ['ink', 'react', 'ink-select-input', ...terminal],
    touchesTheWorld: true,
  },
  // The other face of the terminal: lines instead of a picture, the same world.
  { folder: 'plain', uses: ['base', 'ports', 'session'], packages: terminal, touchesTheWorld: true },
  { folder: 'cli', uses: 'everything', packages: ['node:*'], touchesTheWorld: true },
  { folder: 'main.ts', uses: ['cli'], packages: ['node:*'], touchesTheWorld: true },
];

/** Drivers live in one folder each, so that replacing one changes one folder. */
export const driverFolders: Readonly<Record<string, readonly string[]>> = {
  pg: ['adapters/postgres', 'sandbox/crm'],
  '@aws-sdk': ['adapters/s3'],
  openpgp: ['adapters/openpgp'],
  'age-encryption': ['adapters/age'],
  nodemailer: ['adapters/alerts', 'adapters/mail'],
  execa: ['adapters/process'],
  'tar-stream': ['adapters/tree'],
  'shamir-secret-sharing': ['adapters/shamir'],
};

/** One file of a room that may do what its neighbours may not. */
export const exceptions: Readonly<Record<string, readonly string[]>> = {
  // The operator's own pager and shell on the operator's own terminal, while the screen has stepped aside.
  'src/ui/lend-terminal.ts': ['node:child_process'],
  'src/ui/open-file.ts': ['node:fs'],
};

/** Where the program and its helpers begin; what none of them reaches is dead. */
export const entrances = ['src/main.ts', 'src/cli/print-schema.ts', 'src/sandbox/crm/main.ts'];

/** Names that say nothing about what is inside. */
export const emptyNames = [
  ...['utils', 'helpers', 'common', 'lib', 'misc', 'types', 'interfaces', 'index', 'constants', 'manager'],
];

/** Methods whose parameters node:stream has laid down. */
export const shapesOfOthers = ['transform', 'write'];

export const limits = { fileLines: 250, functionLines: 70, positionalParameters: 2 } as const;

/** The room of a file under src: src/base/units.ts is in base, src/adapters/s3/s3-list.ts in adapters. */
export function roomOf(path: string): Room | undefined {
  const [, first] = path.split('/');
  return rooms.find(({ folder }) => folder === first);
}

/** Adapters do not know each other: each folder below adapters is a flat of its own. */
export function flatOf(path: string): string {
  const parts = path.split('/');
  return parts[1] === 'adapters' ? parts.slice(1, 3).join('/') : (parts[1] ?? '');
}
