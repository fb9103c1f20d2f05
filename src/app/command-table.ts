import type { OptionName } from './option-table.ts';

/** Every command there is, once: what it is given, what it does, and the options that are its own. The stable surface. */
export type DeclaredCommand = {
  /** What stands after its name; optional operands in brackets. */
  readonly operands: string;
  /** How many operands: at least, at most. */
  readonly count: readonly [number, number];
  readonly about: string;
  readonly options: readonly OptionName[];
  /** Of these at most one may be given. */
  readonly either?: readonly OptionName[];
};

/** How it talks and where it finds things. They change no act, so that a wrapper may say them to every command. */
const everywhere = ['plain', 'no-color', 'env-file', 'log-dir', 'help'] as const;
const screen = ['inline'] as const;
/** What a walk asks, answered beforehand. One line can be tried as a drill before it is meant. */
const walk = [...screen, 'json', 'yes', 'answer', 'confirm', 'snapshot'] as const;
const about = [
  ...['lost-at', 'detected-at', 'declared-at', 'commander', 'operator', 'witness', 'approver'],
  ...['result-approver', 'observer', 'absent'],
] as readonly OptionName[];
const begin = [...walk, 'work-dir', ...about, ...everywhere] as const;

const runbook = { operands: 'RUNBOOK', count: [1, 1] } as const;
const perhapsRun = { operands: '[RUN]', count: [0, 1] } as const;

const declared = {
  home: {
    ...{ operands: '', count: [0, 0] },
    about: 'what is unfinished, what can be begun, what was; choose with keys',
    options: [...screen, 'work-dir', ...about, ...everywhere, 'version'],
  },
  restore: { ...runbook, about: 'restore production, step by step', options: begin },
  drill: { ...runbook, about: 'the same walk on throwaway targets; for cron too', options: begin },
  tabletop: {
    ...runbook,
    about: 'the same walk talked through: nothing is executed, nothing is contacted',
    options: begin,
  },
  resume: {
    ...perhapsRun,
    about: 'go on where a run stopped, whoever killed it',
    options: [...walk, ...everywhere],
  },
  rollback: {
    ...perhapsRun,
    about: 'put the database back as it was before the swap',
    options: ['confirm', ...screen, ...everywhere],
  },
  discard: {
    ...perhapsRun,
    about: 'give an unfinished run up: what it made and did not put in place is removed',
    options: ['confirm', ...screen, ...everywhere],
  },
  check: {
    ...runbook,
    about: 'every blocker at once; touches nothing',
    options: ['json', 'snapshot', 'work-dir', ...everywhere],
  },
  snapshots: {
    ...runbook,
    about: 'what is in the backup store, newest first',
    options: ['json', ...everywhere],
  },
  backup: {
    ...runbook,
    about: 'take a snapshot now: dump, encrypt, upload, mirror, manifest',
    options: ['json', ...everywhere],
  },
  verify: {
    ...runbook,
    about: 'prove the newest snapshot, --all, or --snapshot ID, without restoring production',
    options: ['json', 'snapshot', 'all', 'latest', 'restore', 'work-dir', ...everywhere],
    either: ['snapshot', 'all', 'latest'],
  },
  prune: {
    ...runbook,
    about: 'remove what retention does not keep; --dry-run shows it',
    options: ['json', 'dry-run', ...everywhere],
  },
  monitor: {
    ...runbook,
    about: 'age, size, success rate, disk, mirror; metrics, alerts, exit status',
    options: ['json', ...everywhere],
  },
  schedule: {
    ...runbook,
    about: 'entries for --cron or --systemd: backup, verify, drill, monitor, prune',
    options: ['cron', 'systemd', ...everywhere],
    either: ['cron', 'systemd'],
  },
  'records list': {
    ...{ operands: '[RUNBOOK]', count: [0, 1] },
    about: 'every run and how it ended; of one runbook with --trend',
    options: ['json', 'trend', ...everywhere],
  },
  'records show': {
    ...perhapsRun,
    about: 'the record of a run',
    options: ['json', 'format', 'redact', ...everywhere],
    either: ['json', 'format'],
  },
  'records verify': {
    ...perhapsRun,
    about: 'whether record, journal, outputs, index and heads still agree',
    options: ['allowed-signers', 'anchored', ...everywhere],
  },
  'records export': {
    ...perhapsRun,
    about: 'the record of a run, to be given away',
    options: ['format', 'redact', ...everywhere],
  },
  'records trend': {
    ...runbook,
    about: 'the last runs side by side, step by step',
    options: ['json', ...everywhere],
  },
  'records note': {
    ...{ operands: 'RUN TEXT', count: [2, 2] },
    about: 'what is known only afterwards',
    options: everywhere,
  },
  'records sign': {
    ...perhapsRun,
    about: 'one person vouches, in one role, for the journal as it stands',
    options: ['key', 'as', 'signer', ...everywhere],
  },
  fingerprint: {
    ...{ operands: 'FILE NAME', count: [2, 2] },
    about: 'the fingerprint of one secret in an env file; never the secret',
    options: everywhere,
  },
  'age-key split': {
    ...{ operands: 'KEY 2/3', count: [2, 2] },
    about: 'a key in shares for several people',
    options: everywhere,
  },
  'age-key join': {
    ...{ operands: 'KEY SHARE SHARE', count: [3, 20] },
    about: 'the key back out of its shares',
    options: everywhere,
  },
  rehearse: {
    ...{ operands: '', count: [0, 0] },
    about: 'a whole disaster and its recovery in a sandbox on this host',
    options: ['mode', ...begin],
  },
  lint: { ...runbook, about: 'what is wrong with a runbook that a schema cannot say', options: everywhere },
  help: { operands: '[COMMAND]', count: [0, 2], about: 'all of this, or one command', options: everywhere },
  version: { operands: '', count: [0, 0], about: 'the version of thaw', options: everywhere },
} as const satisfies Readonly<Record<string, DeclaredCommand>>;

export type CommandName = keyof typeof declared;

export const commandTable: Readonly<Record<CommandName, DeclaredCommand>> = declared;

export const commandNames = Object.keys(declared) as readonly CommandName[];

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(declared, name);
}

/** `records`, `age-key`: a word that needs another one behind it. */
export function actionsOf(word: string): readonly CommandName[] {
  return commandNames.filter((name) => name.startsWith(`${word} `));
}
