import { modes } from '../base/mode.ts';
import { signingRoles } from '../journal/entry.ts';

export const recordFormats = ['md', 'html', 'json'] as const;
export type RecordFormat = (typeof recordFormats)[number];

export const defaultLogFolder = 'restore-logs';

/** Every option there is, once: its type, its value, its words. Which command takes it stands in the command table. */

const flag = (help: string) => ({ type: 'boolean', default: false, help }) as const;
const text = (value: string, help: string) => ({ type: 'string', value, help }) as const;
const texts = (value: string, help: string) =>
  ({ type: 'string', multiple: true, default: [] as string[], value, help }) as const;
const time = (help: string) => ({ ...text('TIME', help), isTime: true }) as const;
const oneOf = <T extends readonly string[]>(among: T, help: string) =>
  ({ ...text(among.join('|'), help), among }) as const;

export const optionTable = {
  plain: flag('lines instead of the screen'),
  json: flag('one JSON object a line'),
  inline: flag('the screen without the alternate screen'),
  'no-color': flag('no colours'),
  yes: flag('agree to go on where that is asked; names nothing to be replaced and vouches for nobody'),
  answer: texts('ID=VALUE', 'answer a question beforehand; may be given again'),
  confirm: texts('NAME', 'the exact name of what is replaced, or of the run to discard; may be given again'),
  snapshot: text('ID|latest', 'the snapshot to take'),
  'lost-at': time('when production was lost, for the RPO; the start of the run when left out'),
  'env-file': texts('FILE', "values for the runbook's inputs; may be given again"),
  'log-dir': {
    ...text('DIR', `where runs and their records are kept (${defaultLogFolder})`),
    default: defaultLogFolder,
  },
  'work-dir': text('DIR', 'where big files go while they are needed'),
  all: flag('every snapshot'),
  latest: flag('the newest snapshot, as without it'),
  restore: flag('into a throwaway database, too, and compare the counts'),
  'dry-run': flag('remove nothing, show what would go'),
  cron: flag('lines for a crontab, as without it'),
  systemd: flag('units for systemd'),
  mode: { ...oneOf(modes, 'what is rehearsed (live)'), default: 'live' },
  commander: text('NAME', 'who leads, and declares the recovery'),
  operator: text('NAME', 'who works at the terminal'),
  witness: text('NAME', 'who watches'),
  approver: text('NAME', 'who approved the plan'),
  'result-approver': text('NAME', 'who is to approve the result'),
  observer: texts('NAME', 'who looks on; may be given again'),
  absent: texts('NAME', 'who was missed; may be given again'),
  'detected-at': time('when the loss was noticed'),
  'declared-at': time('when a disaster was declared'),
  format: { ...oneOf(recordFormats, 'the form of the record (md)'), default: 'md' },
  redact: flag('mask hosts, people and places'),
  trend: flag('the runs of a runbook side by side'),
  key: text('FILE', 'the SSH key that signs'),
  as: oneOf(signingRoles, 'the role of who signs'),
  signer: text('NAME', 'who signs, where the run named nobody'),
  'allowed-signers': text('FILE', 'who may have signed'),
  anchored: flag('ask the backup store for the heads it holds, too'),
  help: { ...flag('what this command does and takes'), short: 'h' },
  version: flag('the version of thaw'),
} as const;

export type OptionName = keyof typeof optionTable;

export function isOption(name: string): name is OptionName {
  return Object.hasOwn(optionTable, name);
}

export type DeclaredOption = {
  readonly type: 'boolean' | 'string';
  readonly help: string;
  readonly value?: string;
  readonly among?: readonly string[];
  readonly isTime?: boolean;
};

export function optionOf(name: OptionName): DeclaredOption {
  return optionTable[name];
}
