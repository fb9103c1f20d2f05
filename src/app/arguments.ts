import { parseArgs } from 'node:util';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import type { SigningRole } from '../journal/entry.ts';
import { closestTo } from './closest.ts';
import { actionsOf, type CommandName, commandNames, commandTable, isCommand } from './command-table.ts';
import { isOption, optionOf, optionTable, type RecordFormat } from './option-table.ts';

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

/** Who takes part, when it was noticed, and what is to become of a record. */
export type RecordOptions = {
  readonly people: {
    readonly commander: string | undefined;
    readonly operator: string | undefined;
    readonly witness: string | undefined;
    readonly planApprover: string | undefined;
    readonly resultApprover: string | undefined;
    readonly observers: readonly string[];
    readonly absent: readonly string[];
  };
  readonly detectedAt: string | undefined;
  readonly declaredAt: string | undefined;
  readonly format: RecordFormat;
  readonly redact: boolean;
  readonly trend: boolean;
  readonly key: string | undefined;
  readonly as: SigningRole | undefined;
  readonly signer: string | undefined;
  readonly allowedSigners: string | undefined;
  readonly anchored: boolean;
};

export type Command = {
  readonly name: CommandName;
  readonly operands: readonly string[];
  readonly options: Options;
};

/** A command with the options that are its own. Whatever is not its own is refused before anything is done. */
export function parseArguments(argv: readonly string[]): Outcome<Command> {
  const { positionals, given } = readWords(argv);
  // Whoever asks what there is may have said anything beside it.
  const asks = given.includes('help') ? 'help' : given.includes('version') ? 'version' : undefined;
  const asked = asks === 'help' ? ['help', ...positionals.slice(0, 2)] : ['version'];
  const named = findCommand(asks === undefined ? positionals : asked);
  if (!named.ok) return named;
  const { name, operands } = named.value;
  const foreign = asks === undefined ? given.find((option) => !takes(name, option)) : undefined;
  if (foreign !== undefined) return fail(notItsOwn(name, foreign));
  const strict = parseStrictly(argv, name);
  if (!strict.ok) return strict;
  const { values } = strict.value;
  const wrong = wrongCount(name, operands) ?? wrongPair(name, given) ?? wrongValue(values);
  if (wrong !== undefined) return wrongUsage(wrong, name);
  return succeed({ name, operands, options: optionsOf(values) });
}

type Values = ReturnType<typeof parseAll>['values'];

function parseAll(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: optionTable, allowPositionals: true });
}

/** What was said, unknown options among it: they are refused by name, and with the command in mind. */
function readWords(argv: readonly string[]) {
  const { positionals, tokens } = parseArgs({
    ...{ args: [...argv], options: optionTable, allowPositionals: true },
    ...{ strict: false, tokens: true },
  });
  return { positionals, given: tokens.flatMap((one) => (one.kind === 'option' ? [one.name] : [])) };
}

/** One word or two: `restore`, `records verify`. */
function findCommand(
  words: readonly string[],
): Outcome<{ readonly name: CommandName; readonly operands: readonly string[] }> {
  const [first = 'home', second, ...rest] = words;
  if (isCommand(first)) return succeed({ name: first, operands: words.slice(1) });
  const actions = actionsOf(first);
  const both = `${first} ${second}`;
  if (isCommand(both)) return succeed({ name: both, operands: rest });
  if (actions.length > 0) {
    const all = actions.map((name) => `thaw ${`${name} ${commandTable[name].operands}`.trim()}`).join(', ');
    return fail({
      code: 'invalid-input',
      message: second === undefined ? `thaw ${first} needs an action.` : `There is no thaw ${both}.`,
      remedy: `${didYouMean(second === undefined ? undefined : closestTo(both, actions))}There are: ${all}.`,
      retry: 'after-fix',
    });
  }
  return fail(noSuchCommand(first));
}

export function noSuchCommand(typed: string): Failure {
  const known = [...commandNames, ...new Set(commandNames.map((name) => name.replace(/ .*/, '')))];
  return {
    code: 'invalid-input',
    message: `There is no command ${typed}.`,
    remedy: `${didYouMean(closestTo(typed, known))}\`thaw help\` names them all.`,
    retry: 'after-fix',
  };
}

const didYouMean = (command: string | undefined) =>
  command === undefined ? '' : `Did you mean \`thaw ${command}\`? `;

function takes(name: CommandName, option: string): boolean {
  return isOption(option) && commandTable[name].options.includes(option);
}

/** What it is not, what was perhaps meant, and what there is. */
function notItsOwn(name: CommandName, option: string): Failure {
  const { options } = commandTable[name];
  const owners = commandNames.filter((other) => takes(other, option));
  const close = closestTo(option, options);
  const typed = option.length === 1 ? `-${option}` : `--${option}`;
  const hint =
    owners.length > 0
      ? `${typed} belongs to ${owners.map(spoken).join(', ')}. `
      : close === undefined
        ? ''
        : `Did you mean --${close}? `;
  return {
    code: 'invalid-input',
    message: `${spoken(name)} has no option ${typed}. Nothing was done.`,
    remedy: `${hint}${spoken(name)} takes ${options.map((one) => `--${one}`).join(', ')}; \`${spoken(name)} --help\` says what they do.`,
    retry: 'after-fix',
  };
}

/** As it is typed. */
const spoken = (name: CommandName) => (name === 'home' ? 'thaw' : `thaw ${name}`);

function parseStrictly(argv: readonly string[], name: CommandName) {
  try {
    return succeed(parseAll(argv));
  } catch (error) {
    // parseArgs tells wrong usage by throwing; its first sentence names the option.
    const said = error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? error.message) : String(error);
    return wrongUsage(said.replace(/\.$/, ''), name);
  }
}

function wrongCount(name: CommandName, operands: readonly string[]): string | undefined {
  const { count, operands: wanted } = commandTable[name];
  const [least, most] = count;
  if (operands.length >= least && operands.length <= most) return undefined;
  const takesWhat = wanted === '' ? 'takes no operand' : `takes ${wanted}`;
  return `${spoken(name)} ${takesWhat}; ${operands.length === 0 ? 'nothing was given' : `it was given ${operands.join(' ')}`}`;
}

function wrongPair(name: CommandName, given: readonly string[]): string | undefined {
  const both = commandTable[name].either?.filter((option) => given.includes(option)) ?? [];
  return both.length < 2 ? undefined : `${both.map((one) => `--${one}`).join(' and ')} exclude each other`;
}

/** Times, and values of which there are only a few. */
function wrongValue(values: Values): string | undefined {
  for (const [name, value] of Object.entries(values)) {
    if (!isOption(name) || typeof value !== 'string') continue;
    const { among, isTime } = optionOf(name);
    if (among !== undefined && !among.includes(value))
      return `--${name} ${value} is none of ${among.join(', ')}`;
    if (isTime && Number.isNaN(Date.parse(value)))
      return `--${name} ${value} is not a time, for example 2026-04-28T14:48Z`;
  }
  const answer = values.answer.find((one) => one.indexOf('=') < 1);
  return answer === undefined ? undefined : `--answer ${answer} is not of the form ID=VALUE`;
}

function wrongUsage(what: string, name: CommandName) {
  return fail({
    code: 'invalid-input',
    message: `${what}.`,
    remedy: `Read \`${spoken(name)} --help\`.`,
    retry: 'after-fix',
  });
}

function optionsOf(values: Values): Options {
  const { plain, json, inline, yes, all, systemd, confirm, snapshot } = values;
  return {
    ...{ plain, json, inline, yes, all, systemd, confirm, snapshot },
    noColor: values['no-color'],
    answers: new Map(values.answer.map((one) => splitAtFirst(one))),
    lostAt: values['lost-at'],
    envFiles: values['env-file'],
    logFolder: values['log-dir'],
    workFolder: values['work-dir'],
    dryRun: values['dry-run'],
    restoreToo: values.restore,
    mode: values.mode as Mode,
    record: recordOptionsOf(values),
  };
}

function splitAtFirst(answer: string): readonly [string, string] {
  const equals = answer.indexOf('=');
  return [answer.slice(0, equals), answer.slice(equals + 1)];
}

function recordOptionsOf(values: Values): RecordOptions {
  const { commander, operator, witness, observer, absent, redact, trend, key, signer, anchored } = values;
  return {
    people: {
      ...{ commander, operator, witness, absent },
      planApprover: values.approver,
      resultApprover: values['result-approver'],
      observers: observer,
    },
    ...{ redact, trend, key, signer, anchored },
    detectedAt: values['detected-at'],
    declaredAt: values['declared-at'],
    format: values.format as RecordFormat,
    as: values.as as SigningRole | undefined,
    allowedSigners: values['allowed-signers'],
  };
}
