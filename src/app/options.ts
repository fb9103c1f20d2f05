import { scheduleFormats } from '../backups/schedules/list.ts';
import { modes } from '../base/mode.ts';
import { signingRoles } from '../journal/signing-roles.ts';

const recordFormats = ['md', 'html', 'json'] as const;
export type RecordFormat = (typeof recordFormats)[number];

export const defaultLogFolder = 'restore-logs';

/** What a shell can offer for a value, beside the few words of `among`. */
export type Completes = 'file' | 'folder' | 'runbook' | 'run' | 'command';

/** What the words behind an option come to, or what is wrong with them. */
export type Reading<T> = { readonly value: T } | { readonly wrong: string };

type OptionDefinition<T> = {
  /** As it is typed, without its dashes. */
  readonly flag: string;
  readonly short?: string;
  readonly help: string;
  /** What stands behind it, as help names it; a switch has nothing. */
  readonly value?: string;
  readonly among?: readonly string[];
  readonly completes?: Completes;
  readonly repeats?: true;
  /** @param said every value that was given, in order; for a switch one empty text each time. */
  readonly read: (said: readonly string[]) => Reading<T>;
};

type Words = Pick<OptionDefinition<unknown>, 'flag' | 'value' | 'help' | 'completes'>;

/** The one place where an option stands: its name, its type, its words. Which command takes it, that command declares. */
export const vocabulary = {
  plain: flag('plain', 'print lines instead of drawing the screen'),
  json: flag('json', 'print one JSON object a line'),
  inline: flag('inline', 'draw below the prompt, so that the picture stays in the scrollback'),
  noColor: flag('no-color', 'no colours'),
  yes: flag(
    'yes',
    'answer yes where a run asks whether to go on; it names nothing to be replaced and speaks for nobody',
  ),
  answers: answersByQuestion(),
  confirm: texts({
    flag: 'confirm',
    value: 'NAME',
    help: 'the exact name of what is replaced, or of the run to discard; may be given again',
  }),
  snapshot: text({ flag: 'snapshot', value: 'ID|latest', help: 'the snapshot to take' }),
  lostAt: time(
    'lost-at',
    'when production was lost: the RPO counts from it; the start of the run when left out',
  ),
  envFiles: texts({
    flag: 'env-file',
    value: 'FILE',
    help: "values for the runbook's inputs; may be given again",
    completes: 'file',
  }),
  logFolder: orElse(defaultLogFolder, {
    flag: 'log-dir',
    value: 'DIR',
    help: `where runs and their records are kept (${defaultLogFolder})`,
    completes: 'folder',
  }),
  workFolder: text({
    flag: 'work-dir',
    value: 'DIR',
    help: 'where big files are kept while they are needed',
    completes: 'folder',
  }),
  all: flag('all', 'every snapshot'),
  latest: flag('latest', 'the newest snapshot, which is the default'),
  restore: flag('restore', 'restore it into a throwaway database, too, and compare the counts'),
  dryRun: flag('dry-run', 'show what would be removed, and remove nothing'),
  scheduler: oneOf({
    flag: 'for',
    among: scheduleFormats.map(({ kind }) => kind),
    help: `the scheduler to write for: ${scheduleFormats.map(({ kind, about }) => `${kind}, ${about}`).join('; ')}`,
    otherwise: scheduleFormats[0].kind,
  }),
  mode: oneOf({ flag: 'mode', among: modes, help: 'what is rehearsed (live)', otherwise: 'live' }),
  commander: text({ flag: 'commander', value: 'NAME', help: 'who leads, and declares the recovery' }),
  operator: text({ flag: 'operator', value: 'NAME', help: 'who works at the terminal' }),
  witness: text({ flag: 'witness', value: 'NAME', help: 'who watches, and can say so later' }),
  planApprover: text({ flag: 'approver', value: 'NAME', help: 'who approved the plan' }),
  resultApprover: text({ flag: 'result-approver', value: 'NAME', help: 'who is to approve the result' }),
  observers: texts({ flag: 'observer', value: 'NAME', help: 'who only watches; may be given again' }),
  absent: texts({
    flag: 'absent',
    value: 'NAME',
    help: 'who should have been there and was not; may be given again',
  }),
  detectedAt: time('detected-at', 'when the loss was noticed'),
  declaredAt: time('declared-at', 'when a disaster was declared'),
  format: oneOf({
    flag: 'format',
    among: recordFormats,
    help: 'the form of the record (md)',
    otherwise: 'md',
  }),
  redact: flag('redact', 'mask names of hosts, people and places'),
  trend: flag('trend', 'the last runs of one runbook side by side'),
  install: flag('install', 'run the commands that install what is missing, after a yes (or with --yes)'),
  key: text({ flag: 'key', value: 'FILE', help: 'the SSH key that signs', completes: 'file' }),
  role: oneOf({ flag: 'as', among: signingRoles, help: 'the role of who signs', otherwise: undefined }),
  signer: text({
    flag: 'signer',
    value: 'WHO',
    help: 'of a record: who signs, where the run named nobody; of a kit: the fingerprint on its printed page, or its first 16 characters',
  }),
  checkKit: flag('check', 'prove that the kit in the store suffices, and change nothing'),
  images: flag('images', 'put the images of the services into the kit, too, as one archive for docker load'),
  endpoint: text({
    flag: 'endpoint',
    value: 'URL',
    help: 'of an address s3://…: where the S3 interface answers; AWS when left out, or what AWS_ENDPOINT_URL says',
  }),
  region: text({ flag: 'region', value: 'NAME', help: 'of an address s3://…: its region (us-east-1)' }),
  allowedSigners: text({
    flag: 'allowed-signers',
    value: 'FILE',
    help: 'who may have signed, as ssh-keygen reads it',
    completes: 'file',
  }),
  anchored: text({
    flag: 'anchored',
    value: 'RUNBOOK',
    help: 'ask the backup store of this runbook for the chain heads it holds, too',
    completes: 'runbook',
  }),
  store: text({
    flag: 'store',
    value: 'PLACE',
    help: 'where the backups are: s3://BUCKET/PREFIX, rclone:REMOTE:PATH, or a folder',
    completes: 'folder',
  }),
  print: flag('print', 'print the runbook, and write no file'),
  overwrite: flag('overwrite', 'put the new file in the place of one that is there, which is kept beside it'),
  sql: flag('sql', 'print the statements alone, for psql'),
  into: text({
    flag: 'into',
    value: 'DIR',
    help: 'write the pages there, one file each',
    completes: 'folder',
  }),
  help: { ...flag('help', 'what this command does and takes'), short: 'h' },
  version: flag('version', 'the version of thaw'),
} as const;

export type OptionName = keyof typeof vocabulary;

/** The values of these options, each with its own type. */
export type Options<Name extends OptionName> = {
  readonly [K in Name]: (typeof vocabulary)[K] extends OptionDefinition<infer T> ? T : never;
};

export const optionNames = Object.keys(vocabulary) as readonly OptionName[];

export function optionOf(name: OptionName): OptionDefinition<unknown> {
  return vocabulary[name];
}

/** How it talks and where it finds things. They change no act, so that a wrapper may say them to every command. */
export const everywhere = ['plain', 'noColor', 'envFiles', 'logFolder', 'help'] as const;

/** What a walk asks, answered beforehand. One line can be tried as a drill before it is meant. */
export const walkOptions = ['inline', 'json', 'yes', 'answers', 'confirm', 'snapshot'] as const;

/** What the record says about a run: when it was noticed, and who takes part. */
export const peopleAndTimes = [
  ...['lostAt', 'detectedAt', 'declaredAt', 'commander', 'operator', 'witness', 'planApprover'],
  ...['resultApprover', 'observers', 'absent'],
] as const satisfies readonly OptionName[];

export const beginOptions = [...walkOptions, 'workFolder', ...peopleAndTimes, ...everywhere] as const;

/** A restore may begin with a kit, which lies somewhere and is signed by somebody. */
export const restoreOptions = ['signer', 'endpoint', 'region', ...beginOptions] as const;

/** What whoever stays with a walk has to know. */
export type WalkOptions = Options<(typeof walkOptions)[number] | 'plain' | 'noColor'>;

export type BeginOptions = Options<(typeof beginOptions)[number]>;

function flag(name: string, help: string): OptionDefinition<boolean> {
  return { flag: name, help, read: (said) => ({ value: said.length > 0 }) };
}

/** The last one counts, as with other programs. */
function text(words: Words): OptionDefinition<string | undefined> {
  return { ...words, read: (said) => ({ value: said.at(-1) }) };
}

function orElse(otherwise: string, words: Words): OptionDefinition<string> {
  return { ...words, read: (said) => ({ value: said.at(-1) ?? otherwise }) };
}

function texts(words: Words): OptionDefinition<readonly string[]> {
  return { ...words, repeats: true, read: (said) => ({ value: said }) };
}

/** In milliseconds since 1970. */
function time(name: string, help: string): OptionDefinition<number | undefined> {
  return {
    ...{ flag: name, value: 'TIME', help },
    read: (said) => {
      const last = said.at(-1);
      if (last === undefined) return { value: undefined };
      const atMs = Date.parse(last);
      return Number.isNaN(atMs)
        ? { wrong: `--${name} ${last} is not a time, for example 2026-04-28T14:48Z` }
        : { value: atMs };
    },
  };
}

function oneOf<const T extends string, const Otherwise extends T | undefined>(words: {
  readonly flag: string;
  readonly among: readonly T[];
  readonly help: string;
  readonly otherwise: Otherwise;
}): OptionDefinition<T | Otherwise> {
  const { flag: name, among, help, otherwise } = words;
  return {
    ...{ flag: name, among, help, value: among.join('|') },
    read: (said) => {
      const last = said.at(-1);
      if (last === undefined) return { value: otherwise };
      const found = among.find((one) => one === last);
      return found === undefined
        ? { wrong: `--${name} ${last} is none of ${among.join(', ')}` }
        : { value: found };
    },
  };
}

/** By the name of the question; a value may hold an equals sign of its own. */
function answersByQuestion(): OptionDefinition<ReadonlyMap<string, string>> {
  return {
    ...{ flag: 'answer', value: 'ID=VALUE', help: 'answer a question beforehand; may be given again' },
    repeats: true,
    read: (said) => {
      const wrong = said.find((one) => one.indexOf('=') < 1);
      if (wrong !== undefined) return { wrong: `--answer ${wrong} is not of the form ID=VALUE` };
      return {
        value: new Map(
          said.map((one): [string, string] => {
            const equals = one.indexOf('=');
            return [one.slice(0, equals), one.slice(equals + 1)];
          }),
        ),
      };
    },
  };
}
