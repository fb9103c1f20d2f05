import { signMessage } from '../adapters/signing/sign-message.ts';
import { manifestNamespace } from '../backups/author.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { SigningRole } from '../journal/signing-roles.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';

/**
 * Signatures over the head of a journal, by `ssh-keygen -Y`: no new infrastructure, and anybody with OpenSSH can check one without thaw. What is
 * signed is a short text that names the run, the number of entries and the head; the namespace keeps it from being used for
 * anything else.
 */
export const signatureNamespace = 'thaw-record';
export const signatureFolder = 'signatures';

/** A question to ssh-keygen takes no longer, unless it waits for a passphrase that nobody can type. */
const stallMs = 60_000;

type Signed = {
  readonly runId: string;
  readonly role: SigningRole;
  readonly signer: string;
  readonly entries: number;
  readonly head: string;
};

/** For `thaw backup` and the rehearsal: an SSH signature over a manifest, with the key of that file. */
export function signsManifests(
  tools: Keygen,
  keyFile: string,
): (message: string) => Promise<Outcome<string>> {
  return (message) => signMessage(tools, { keyFile, namespace: manifestNamespace, message });
}

export function signedText({ runId, role, signer, entries, head }: Signed): string {
  return `thaw record\nrun: ${runId}\nentries: ${entries}\nhead: ${head}\nrole: ${role}\nsigner: ${signer}\n`;
}

export function signatureName({ role, entries }: Pick<Signed, 'role' | 'entries'>): string {
  return `${String(entries).padStart(6, '0')}-${role}.txt.sig`;
}

/** The text that was signed stands beside its signature, so that anybody can check it with ssh-keygen alone. */
export function signedTextName(name: string): string {
  return name.replace(/\.sig$/, '');
}

type Keygen = {
  readonly processes: ProcessRunner;
  readonly environment: Readonly<Record<string, string | undefined>>;
};

async function keygen(
  { processes, environment }: Keygen,
  request: { readonly args: readonly string[]; readonly input?: string },
) {
  const agent = environment.SSH_AUTH_SOCK;
  return processes.run({
    program: 'ssh-keygen',
    ...request,
    stallMs,
    ...(agent === undefined ? {} : { env: { SSH_AUTH_SOCK: agent } }),
  });
}

/** The fingerprint of the key that made this signature, where the signature is good. */
export async function checkSignature(
  tools: Keygen,
  request: { readonly signatureFile: string; readonly text: string },
): Promise<Outcome<string>> {
  const ran = await keygen(tools, {
    args: ['-Y', 'check-novalidate', '-n', signatureNamespace, '-s', request.signatureFile],
    input: request.text,
  });
  if (!ran.ok) return ran;
  const fingerprint = /(SHA256:\S+)\s*$/m.exec(ran.value.stdout)?.[1];
  if (ran.value.exitCode === 0 && fingerprint !== undefined) return succeed(fingerprint);
  return fail(badSignature(request.signatureFile, 'it does not belong to this head'));
}

/** Who may have made it, by the file of allowed signers; the principal's name comes back. */
export async function checkSigner(
  tools: Keygen,
  request: { readonly signatureFile: string; readonly text: string; readonly allowedSigners: string },
): Promise<Outcome<string>> {
  const { signatureFile, text, allowedSigners } = request;
  const found = await keygen(tools, {
    args: ['-Y', 'find-principals', '-s', signatureFile, '-f', allowedSigners],
  });
  if (!found.ok) return found;
  const principal = found.value.stdout.split('\n')[0]?.split(',')[0] ?? '';
  if (found.value.exitCode !== 0 || principal === '')
    return fail(badSignature(signatureFile, `its key is not in ${allowedSigners}`));
  const ran = await keygen(tools, {
    args: [
      '-Y',
      'verify',
      '-f',
      allowedSigners,
      '-I',
      principal,
      '-n',
      signatureNamespace,
      '-s',
      signatureFile,
    ],
    input: text,
  });
  if (!ran.ok) return ran;
  return ran.value.exitCode === 0
    ? succeed(principal)
    : fail(badSignature(signatureFile, `it is not a signature of ${principal} over this head`));
}

export function badSignature(file: string, why: string) {
  return {
    code: 'journal-damaged' as const,
    message: `The signature ${file} proves nothing: ${why}.`,
    remedy: 'Ask the person who signed to look at the head again.',
    retry: 'never' as const,
  };
}
