import { closestTo } from '../../base/did-you-mean.ts';
import { type FailureCode, fail, failureCodes, type Outcome, succeed } from '../../base/failure.ts';

/** What a code means, for whoever reads it for the first time. docs/troubleshooting.md is written from this table, too. */
type Explanation = {
  /** One line, as a list has it. */
  readonly means: string;
  readonly causes: readonly string[];
  /** In the order in which they are tried. */
  readonly todo: readonly string[];
  /** Command lines that look closer or go on. */
  readonly related: readonly string[];
};

export const explanations: Readonly<Record<FailureCode, Explanation>> = {
  unreachable: {
    means: 'a server, a store or a container does not answer',
    causes: [
      'It does not run, or its container is stopped.',
      'Host or port is another: Compose publishes a port on 127.0.0.1 only where it says so.',
      'A firewall, a VPN that is down, or a name that DNS does not know here.',
      'http:// where the server speaks https, or the other way round.',
    ],
    todo: [
      'Read which address is named, and look whether something listens there.',
      'Start what is stopped; `thaw check` tries every place of a runbook and touches nothing.',
      'Where the address is wrong, correct the value: `thaw check` says where each value comes from.',
    ],
    related: ['thaw check RUNBOOK', 'thaw resume'],
  },
  denied: {
    means: 'somebody answers and refuses: a password, a key, a right, or the mode of a file',
    causes: [
      'A password or an access key that was changed, or is that of another system.',
      'A role of PostgreSQL without the right that the step needs.',
      'A key of the store that may not list, read or write where the runbook points.',
      'A file that this account of the host may not read.',
    ],
    todo: [
      'Correct user and password, or the access key, in the values that are given to the runbook.',
      'Give the role or the key the right that is named, or use one that has it.',
    ],
    related: ['thaw check RUNBOOK'],
  },
  'not-found': {
    means: 'the place answers, and what is asked for is not in it',
    causes: [
      'A bucket or a database by another name.',
      'backups.dumps.layout does not fit the keys of the backups: a folder more, another ending.',
      'The bucket is empty, since no backup ran, or retention removed them.',
    ],
    todo: [
      'Compare the name with what is really there; `thaw snapshots` names what was found, and what fits no layout.',
      'Correct bucket, prefix or layout in the runbook.',
    ],
    related: ['thaw snapshots RUNBOOK', 'thaw lint RUNBOOK'],
  },
  'invalid-input': {
    means: 'something that was typed or given cannot be meant: nothing was done',
    causes: [
      'A command or an option that is misspelt, or belongs to another command.',
      'A value of the wrong form: mysql:// for a PostgreSQL, a URL in quotes, a password that needs percent-encoding.',
      'A file of another kind: a dump or a Compose file in the place of a runbook.',
    ],
    todo: ['Correct what is named, then run the same line again.'],
    related: ['thaw help', 'thaw check RUNBOOK'],
  },
  mismatch: {
    means:
      'two things that should be equal are not: counts, digests, or what a dump holds and what is asked of it',
    causes: [
      'A dump of one schema or without data, where a whole database is wanted.',
      'Rows that were lost on the way, or a dump that ended early.',
      'A base backup and a WAL archive of two different servers.',
    ],
    todo: [
      'Read which two are compared, and which one is right.',
      'Choose another snapshot where the backup is the one that is wrong.',
    ],
    related: ['thaw snapshots RUNBOOK', 'thaw verify RUNBOOK'],
  },
  damaged: {
    means: 'a backup or a file is not whole, or is no longer what it was',
    causes: [
      'An upload that was cut off, or a disk that was full while the backup was written.',
      'A proxy or a login page: the file is HTML under the name of a dump.',
      'It was changed in the store.',
    ],
    todo: [
      'Choose another snapshot; the step offers them.',
      'Keep the damaged one, and look at the log of the backup of that day.',
    ],
    related: ['thaw snapshots RUNBOOK', 'thaw verify RUNBOOK --all'],
  },
  hostile: {
    means: 'a backup holds what no backup tool writes: commands that would run where it is restored',
    causes: ['Somebody who can write to the store put it there, or changed it.'],
    todo: [
      'Do not restore it by hand. Keep it as evidence, and choose an older snapshot.',
      'Change the credentials of the store, and find out who had them.',
    ],
    related: ['thaw snapshots RUNBOOK', 'thaw verify RUNBOOK --all'],
  },
  'wrong-key': {
    means: 'the key or the passphrase does not open the backup, or the values in it',
    causes: [
      'A key of another system, or an older one: keys were changed since the backup.',
      'The passphrase of another key, or with a line end behind it.',
      'An ENCRYPTION_KEY of another installation.',
    ],
    todo: [
      'Bring the key that is named to this host, and name it under backups.key.',
      'Where the key is lost, choose a snapshot of the time of a key that is there.',
    ],
    related: ['thaw age-key join KEY SHARE SHARE', 'thaw check RUNBOOK'],
  },
  'tool-missing': {
    means: 'a program that the step needs is not on this host',
    causes: ['The host is new, or the program is not on PATH for this account.'],
    todo: ['Install what is named, then check again.'],
    related: ['thaw check RUNBOOK'],
  },
  'tool-too-old': {
    means: 'a program is there, and cannot read what a newer one wrote',
    causes: [
      'pg_restore of an older PostgreSQL than the pg_dump that made the dump.',
      'docker-compose 1 where Compose 2 is needed.',
    ],
    todo: ['Install the version that is named beside the old one; the newest that fits is chosen by itself.'],
    related: ['thaw check RUNBOOK'],
  },
  'command-failed': {
    means: 'a program was run and ended with a failure of its own',
    causes: [
      'What its last lines say: they stand below the failure, and whole in the log folder of the run.',
    ],
    todo: [
      'Read its own words, and mend what they name.',
      'Retry the step, or go on later: what is done is not done twice.',
    ],
    related: ['thaw resume', 'thaw records show'],
  },
  stalled: {
    means: 'a server or a program began to answer and then said nothing for too long',
    causes: [
      'A network that drops packets, a store that is overloaded.',
      'A database that waits for a lock somebody else holds.',
      'A step that is really that slow: its patience in the runbook is too short.',
    ],
    todo: ['Retry the step.', 'Where it was only slow, give the step more patience in the runbook.'],
    related: ['thaw resume'],
  },
  cancelled: {
    means: 'a person, or a signal, stopped it',
    causes: ['Ctrl+C, a signal of the system, or `thaw stop`.'],
    todo: ['Go on with the run, or discard what it made.'],
    related: ['thaw resume', 'thaw discard'],
  },
  'out-of-space': {
    means: 'a disk, a quota or a memory is full, or would be',
    causes: [
      'The dump, unpacked, does not fit into the work folder.',
      'The server has no room for a second database beside the live one.',
    ],
    todo: [
      'Name a folder on a larger disk with --work-dir.',
      'Make room on the server; what earlier runs kept goes away with `thaw finish` and `thaw discard`.',
    ],
    related: ['thaw finish', 'thaw discard'],
  },
  conflict: {
    means:
      'something else is in the way: another run, a name that is taken, or a place that changed meanwhile',
    causes: [
      'Another run works on the same target.',
      'What an earlier run made still bears the name.',
      'Somebody changed what the run is about to replace.',
    ],
    todo: [
      'Look which run it is, and come to it or wait for its end.',
      'Remove what is left of an earlier run with the command that is named.',
    ],
    related: ['thaw records list', 'thaw resume', 'thaw stop', 'thaw discard'],
  },
  'production-target': {
    means: 'a drill would write into production',
    causes: ['drill.database or drill.objects leads to the same server, bucket or folder as production.'],
    todo: ['Give the drill a place of its own; without drill.database it makes a PostgreSQL for itself.'],
    related: ['thaw check RUNBOOK', 'thaw drill RUNBOOK'],
  },
  'not-verified': {
    means: 'nothing failed, and it cannot be proven that it is right',
    causes: [
      'No manifest beside the backup: whoever made it counted nothing.',
      'Nobody that is known signed it.',
      'Something that the proof needs did not answer.',
    ],
    todo: [
      'Read what could not be verified, and what would check it.',
      'Make backups with `thaw backup`, which counts and signs.',
    ],
    related: ['thaw backup RUNBOOK', 'thaw records verify'],
  },
  'journal-damaged': {
    means: 'the list of facts of a run is not whole, and a run is not gone on with on half of its facts',
    causes: ['A disk that was full or failed.', 'Somebody changed a file of the log folder.'],
    todo: [
      'Keep the folder as it is, and read what it still tells.',
      'Begin a new run; what the old one made stays until you discard it.',
    ],
    related: ['thaw records verify', 'thaw records show'],
  },
  'runbook-invalid': {
    means: 'the runbook cannot be read, or does not hold together',
    causes: [
      'A key or a kind that is misspelt, or a tab where YAML wants blanks.',
      'A step before another that it needs, or a place that is not declared.',
      'A placeholder that does not stand under inputs.',
    ],
    todo: [
      'Correct the lines that are named; docs/reference.md names every key.',
      'Look again with `thaw lint`, until it has no finding.',
    ],
    related: ['thaw lint RUNBOOK'],
  },
  'answer-missing': {
    means: 'a value or an answer is missing, and nobody is there to give it',
    causes: [
      'The env file was not given, or does not hold the name.',
      'A run without a terminal came to a question.',
    ],
    todo: [
      'Give the values that are named in the environment or with --env-file.',
      'Answer beforehand with --yes, --answer or --confirm, or run it at a terminal.',
    ],
    related: ['thaw check RUNBOOK', 'thaw resume'],
  },
};

/** Every code on a line, or all about one. */
export function explain(code: string | undefined): Outcome<string> {
  if (code === undefined) return succeed(list());
  const known = failureCodes.find((one) => one === code);
  if (known !== undefined) return succeed(page(known));
  const close = closestTo(code, failureCodes);
  return fail({
    code: 'invalid-input',
    message: `There is no failure code ${code}.`,
    remedy: `${close === undefined ? '' : `Did you mean \`thaw explain ${close}\`? `}\`thaw explain\` names them all.`,
    retry: 'after-fix',
  });
}

function list(): string {
  const width = Math.max(...failureCodes.map((code) => code.length));
  return [
    'Each failure has a code. `thaw explain CODE` says more about one.',
    '',
    ...failureCodes.map((code) => `  ${code.padEnd(width)}  ${explanations[code].means}`),
    '',
  ].join('\n');
}

function page(code: FailureCode): string {
  const { means, causes, todo, related } = explanations[code];
  return [
    `${code}: ${means}`,
    '',
    'Usual causes',
    ...causes.map((text) => `  - ${text}`),
    '',
    'What to do',
    ...todo.map((text, index) => `  ${index + 1}. ${text}`),
    '',
    'Commands',
    ...related.map((line) => `  ${line}`),
    '',
  ].join('\n');
}
