import type { Failure } from '../../base/failure.ts';
import type { ProcessResult } from '../../ports/process-runner.ts';
import type { SealedFile } from '../../ports/secret-files.ts';

/** The exit statuses of sops: cmd/sops/codes/codes.go of its repository. */
const couldNotDecryptTree = 25;
const macStatuses: readonly number[] = [24, 51, 52];
const noKeyStatuses: readonly number[] = [111, 128];

export const sopsMissing: Failure = {
  code: 'tool-missing',
  message: 'The program sops is not installed on this host.',
  remedy:
    'Put sops on PATH: one file, or a .deb or .rpm, from https://github.com/getsops/sops/releases (Debian 12 and 13 have no package of it), or build it: go install github.com/getsops/sops/v3/cmd/sops@v3.13.3.',
  retry: 'after-fix',
  lacks: { program: 'sops' },
};

/**
 * By exit status alone. The words of sops are handed on only where it speaks of keys: what it says of a file that it cannot
 * parse may quote that file.
 */
export function describeSopsEnd(sealed: SealedFile, end: ProcessResult): Failure {
  const { exitCode } = end;
  if (noKeyStatuses.includes(exitCode)) {
    return {
      code: 'wrong-key',
      message: `The age key ${sealed.identityFile} does not open ${sealed.path}.`,
      remedy:
        'Give the identity file of one of its recipients; where it is the right one, the file is damaged.',
      retry: 'after-fix',
      detail: end.stderr.trim(),
    };
  }
  if (exitCode === couldNotDecryptTree || macStatuses.includes(exitCode)) {
    const what = exitCode === couldNotDecryptTree ? 'one of its values' : 'its MAC over all values';
    return {
      code: 'damaged',
      message: `${sealed.path} was changed after it was encrypted: ${what} does not hold (sops ends with status ${exitCode}).`,
      remedy: `Take it from an earlier commit (git log -- ${sealed.path}), and find out who changed it without sops.`,
      retry: 'after-fix',
    };
  }
  return {
    code: 'command-failed',
    message: `sops cannot open ${sealed.path} as ${sealed.format}: it ends with status ${exitCode}.`,
    remedy: 'Run the command by hand and read what it says; its words may quote the file and are not kept.',
    retry: 'after-fix',
  };
}

export function notSealed(sealed: SealedFile): Failure {
  return {
    code: 'invalid-input',
    message: `${sealed.path} is no SOPS file in ${sealed.format}: the metadata of sops is not in it.`,
    remedy: 'Name the encrypted file, and its format; a file that was never encrypted is not taken for one.',
    retry: 'after-fix',
  };
}

export function cutShort(sealed: SealedFile): Failure {
  return {
    code: 'damaged',
    message: `${sealed.path} holds encrypted values, but not all of the metadata of sops: it is cut short, or it is not in ${sealed.format}.`,
    remedy: `Take it from the repository again (git status, git checkout -- ${sealed.path}), and compare its format.`,
    retry: 'after-fix',
  };
}

export function tooLarge(sealed: SealedFile, most: string): Failure {
  return {
    code: 'invalid-input',
    message: `${sealed.path} is larger than ${most}: that is no file of secrets.`,
    remedy: 'Name the encrypted file.',
    retry: 'after-fix',
  };
}

export function forSomebodyElse(
  sealed: SealedFile,
  who: { readonly recipients: readonly string[]; readonly own: readonly string[] },
): Failure {
  const whom = who.recipients.length === 0 ? 'no age key at all' : who.recipients.join(', ');
  return {
    code: 'wrong-key',
    message: `${sealed.path} is encrypted to ${whom}; ${sealed.identityFile} is the key of ${who.own.join(', ')}.`,
    remedy: 'Give the identity file of one of its recipients; .sops.yaml in the repository names them.',
    retry: 'after-fix',
  };
}
