import { beginsAsBackup } from '../layers/by-content.ts';

type Other = {
  /** With its article: a backup. */
  readonly is: string;
  readonly fits: (text: string, head: Buffer) => boolean;
  readonly remedy: string;
};

/** What people give in the place of a runbook. */
const others: readonly Other[] = [
  {
    is: 'a backup',
    fits: (_, head) => beginsAsBackup(head),
    remedy:
      'Give the runbook of its system: backups.store says where this backup lies, and --snapshot takes it; docs/write-your-own.md shows one.',
  },
  {
    is: 'a page of HTML',
    fits: (text) => /^\s*<(!doctype html|html|\?xml)/i.test(text),
    remedy: 'Open it to read what a server answered instead of the file, then fetch the runbook again.',
  },
  {
    is: 'a key',
    fits: (text) => /^(-----BEGIN [A-Z ]*KEY|AGE-SECRET-KEY-|# created: )/.test(text),
    remedy: 'Give the runbook: what opens its backups stands under backups.key.',
  },
  {
    is: 'a Compose file',
    fits: (text) => /^services:/m.test(text) && !/^thaw:/m.test(text),
    remedy: 'Give a runbook that names it under production.services; docs/write-your-own.md shows one.',
  },
  {
    is: 'an env file',
    fits: (text) => /^(\s*(#.*)?\n)*(export )?[A-Za-z_]\w*=/.test(text),
    remedy: 'Give the runbook, and this file behind --env-file.',
  },
  {
    is: 'a binary file',
    fits: (_, head) => head.includes(0),
    remedy: 'Give the runbook, which is YAML in UTF-8; docs/write-your-own.md shows one.',
  },
  {
    is: 'an empty file',
    fits: (text) => text.trim() === '',
    remedy: 'Write a runbook into it; docs/write-your-own.md shows one.',
  },
];

/** Read as YAML, each of them would have a fault to tell about every line. @param head the first bytes of the file. */
export function otherThanRunbook(head: Buffer): Pick<Other, 'is' | 'remedy'> | undefined {
  const text = head.toString('utf8');
  return others.find(({ fits }) => fits(text, head));
}
