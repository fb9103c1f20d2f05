import { parseArgs } from 'node:util';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { type Mode, modes } from '../base/mode.ts';
import { type RecordOptions, readRecordOptions, recordOptionTypes, recordUsage } from './record-options.ts';

/** The stable surface: commands and options. Everything a person or a cron line can say. */

export const commandNames = [
  'home',
  'restore',
  'drill',
  'tabletop',
  'resume',
  'rollback',
  'discard',
  'check',
  'snapshots',
  'backup',
  'verify',
  'prune',
  'monitor',
  'schedule',
  'records',
  'fingerprint',
  'age-key',
  'rehearse',
  'lint',
  'help',
  'version',
] as const;

export type CommandName = (typeof commandNames)[number];

export type Options = {
  readonly plain: boolean;
  readonly json: boolean;
  readonly inline: boolean;
  readonly yes: boolean;
  readonly noColor: boolean;
  readonly answers: ReadonlyMap<string, string>;
  readonly confirm: readonly string[];
  readonly snapshot: string | undefined;
  readonly lostAt: string | undefined;
  readonly envFiles: readonly string[];
  readonly logFolder: string;
  readonly workFolder: string | undefined;
  /** `verify`: every snapshot; `prune`: show only; `verify`: restore too; `schedule`: for systemd instead of cron. */
  readonly all: boolean;
  readonly dryRun: boolean;
  readonly restoreToo: boolean;
  readonly systemd: boolean;
  /** `rehearse`: live, drill or tabletop. */
  readonly mode: Mode;
  readonly record: RecordOptions;
};

export type Command = {
  readonly name: CommandName;
  readonly operands: readonly string[];
  readonly options: Options;
};

export const usage = `thaw: a guided cold restore

  thaw                          what is unfinished, what can be begun, what was; choose with keys
  thaw restore  RUNBOOK         restore production, step by step
  thaw drill    RUNBOOK         the same walk on throwaway targets; for cron too
  thaw tabletop RUNBOOK         the same walk talked through: nothing is executed, nothing is contacted
  thaw resume   [RUN]           go on where a run stopped, whoever killed it
  thaw rollback [RUN]           put the database back as it was before the swap
  thaw discard  [RUN]           give an unfinished run up: what it made and did not put in place is removed
  thaw check    RUNBOOK         every blocker at once; touches nothing
  thaw snapshots RUNBOOK        what is in the backup store, newest first
  thaw backup   RUNBOOK         take a snapshot now: dump, encrypt, upload, mirror, manifest
  thaw verify   RUNBOOK         prove the newest snapshot, --all, or --snapshot ID, without restoring production
  thaw prune    RUNBOOK         remove what retention does not keep; --dry-run shows it
  thaw monitor  RUNBOOK         age, size, success rate, disk, mirror; metrics, alerts, exit status
  thaw schedule RUNBOOK         entries for --cron or --systemd: backup, verify, drill, monitor, prune
  thaw records  list | show RUN | verify RUN | export RUN | trend RUNBOOK | note RUN TEXT | sign RUN
  thaw fingerprint FILE NAME    the fingerprint of one secret in an env file; never the secret
  thaw age-key  split KEY 2/3 | join KEY SHARE SHARE   a key in shares for several people, and back
  thaw rehearse                 a whole disaster and its recovery in a sandbox on this host
  thaw lint     RUNBOOK

RUNBOOK is a name under runbooks/ or a path.

  --plain                       lines instead of the screen
  --json                        one JSON object a line
  --inline                      the screen without the alternate screen
  --yes                         agree to what may be agreed to; never names what is to be replaced
  --answer ID=VALUE             answer a question beforehand; may be given again
  --confirm NAME                the exact name of the database to replace, or of the run to discard
  --snapshot ID|latest          the snapshot to take
  --lost-at TIME                when production was lost, for the RPO; the start of the run when left out
  --env-file FILE               values for the runbook's inputs; may be given again
  --log-dir DIR                 where runs and their records are kept (restore-logs)
  --work-dir DIR                where big files go while a run needs them
  --all, --latest               verify: every snapshot, or the newest one
  --restore                     verify: into a throwaway database, too, and compare the counts
  --dry-run                     prune: remove nothing
  --cron, --systemd             schedule: the kind of entries
  --mode live|drill|tabletop    rehearse: what is rehearsed
${recordUsage}  --no-color

Exit status: 0 done and verified, 1 finished but something failed or could not be verified, 2 wrong usage or invalid
runbook, 3 preflight blockers, 4 an answer is missing, 5 stopped by the operator, 6 damaged or tampered record,
70 a bug of ours, 130 interrupted.
`;

const optionTypes = {
  plain: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  inline: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  'no-color': { type: 'boolean', default: false },
  answer: { type: 'string', multiple: true, default: [] as string[] },
  confirm: { type: 'string', multiple: true, default: [] as string[] },
  snapshot: { type: 'string' },
  'lost-at': { type: 'string' },
  'env-file': { type: 'string', multiple: true, default: [] as string[] },
  'log-dir': { type: 'string', default: 'restore-logs' },
  'work-dir': { type: 'string' },
  all: { type: 'boolean', default: false },
  latest: { type: 'boolean', default: false },
  restore: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  cron: { type: 'boolean', default: false },
  systemd: { type: 'boolean', default: false },
  mode: { type: 'string', default: 'live' },
  ...recordOptionTypes,
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', default: false },
} as const;

/** How many operands each command takes: at least, at most. */
const operandCounts: Readonly<Record<CommandName, readonly [number, number]>> = {
  home: [0, 0],
  restore: [1, 1],
  drill: [1, 1],
  tabletop: [1, 1],
  resume: [0, 1],
  rollback: [0, 1],
  discard: [0, 1],
  check: [1, 1],
  snapshots: [1, 1],
  backup: [1, 1],
  verify: [1, 1],
  prune: [1, 1],
  monitor: [1, 1],
  schedule: [1, 1],
  records: [1, 3],
  fingerprint: [2, 2],
  'age-key': [3, 20],
  rehearse: [0, 0],
  lint: [1, 1],
  help: [0, 9],
  version: [0, 9],
};

export function parseArguments(argv: readonly string[]): Outcome<Command> {
  const parsed = parseSafely(argv);
  if (!parsed.ok) return parsed;
  const { values, positionals } = parsed.value;
  const [first = 'home', ...operands] = positionals;
  const name = values.help ? 'help' : values.version ? 'version' : first;
  if (!isCommandName(name)) return wrongUsage(`There is no command ${first}`);
  const [least, most] = operandCounts[name];
  if (operands.length < least || operands.length > most) {
    return wrongUsage(
      `thaw ${name} takes ${least === most ? least : `${least} to ${most}`} operands; ${operands.length} were given`,
    );
  }
  const answers = new Map<string, string>();
  for (const answer of values.answer) {
    const equals = answer.indexOf('=');
    if (equals < 1) return wrongUsage(`--answer ${answer} is not of the form ID=VALUE`);
    answers.set(answer.slice(0, equals), answer.slice(equals + 1));
  }
  if (values['lost-at'] !== undefined && Number.isNaN(Date.parse(values['lost-at']))) {
    return wrongUsage(`--lost-at ${values['lost-at']} is not a time, for example 2026-04-28T14:48Z`);
  }
  const mode = modes.find((known) => known === values.mode);
  if (mode === undefined) return wrongUsage(`--mode ${values.mode} is none of ${modes.join(', ')}`);
  const record = readRecordOptions(values);
  if (!record.ok) return record;
  return succeed({
    name,
    operands,
    options: {
      plain: values.plain,
      json: values.json,
      inline: values.inline,
      yes: values.yes,
      noColor: values['no-color'],
      answers,
      confirm: values.confirm,
      snapshot: values.snapshot,
      lostAt: values['lost-at'],
      envFiles: values['env-file'],
      logFolder: values['log-dir'],
      workFolder: values['work-dir'],
      all: values.all,
      dryRun: values['dry-run'],
      restoreToo: values.restore,
      systemd: values.systemd,
      mode,
      record: record.value,
    },
  });
}

function parseSafely(argv: readonly string[]) {
  try {
    return succeed(parseArgs({ args: [...argv], options: optionTypes, allowPositionals: true }));
  } catch (error) {
    // parseArgs tells wrong usage by throwing; its first sentence names the option.
    return wrongUsage(
      error instanceof Error ? (error.message.split('. ')[0] ?? error.message) : String(error),
    );
  }
}

function isCommandName(name: string): name is CommandName {
  return (commandNames as readonly string[]).includes(name);
}

function wrongUsage(what: string) {
  return fail({
    code: 'invalid-input',
    message: `${what}.`,
    remedy: 'Read `thaw help`.',
    retry: 'after-fix',
  });
}
