import { signMessage } from '../adapters/signing/sign-message.ts';
import { manifestNamespace } from '../backups/author.ts';
import { findSigner } from '../base/allowed-signers.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { checkSshSignature } from '../base/ssh-signature.ts';
import type { SigningRole } from '../journal/signing-roles.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import { readText } from './read-text.ts';

/**
 * Signatures over the head of a journal, as `ssh-keygen -Y` makes them: no new infrastructure, and anybody with OpenSSH can check one without thaw. What is
 * signed is a short text that names the run, the number of entries and the head; the namespace keeps it from being used for
 * anything else.
 */
export const signatureNamespace = 'thaw-record';
export const signatureFolder = 'signatures';

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

/** The key that made this signature, where the signature is good. */
export async function checkSignature(request: {
  readonly signatureFile: string;
  readonly text: string;
}): Promise<Outcome<{ readonly fingerprint: string; readonly blob: Buffer }>> {
  const { signatureFile, text } = request;
  const read = await readText(signatureFile, 'read the signature');
  if (!read.ok) return read;
  const checked = checkSshSignature(read.value, { namespace: signatureNamespace, message: text });
  return checked.ok ? succeed(checked) : fail(badSignature(signatureFile, `it ${checked.why}`));
}

/** Who may have made it, by the file of allowed signers; the principal's name comes back. */
export async function checkSigner(request: {
  readonly signatureFile: string;
  readonly blob: Buffer;
  readonly allowedSigners: string;
}): Promise<Outcome<string>> {
  const { signatureFile, blob, allowedSigners } = request;
  const read = await readText(allowedSigners, 'read the allowed signers');
  if (!read.ok) return read;
  const found = findSigner(read.value, { blob, namespace: signatureNamespace, nowMs: Date.now() });
  return 'principal' in found
    ? succeed(found.principal)
    : fail(badSignature(signatureFile, `by ${allowedSigners} ${found.why}`));
}

export function badSignature(file: string, why: string) {
  return {
    code: 'journal-damaged' as const,
    message: `The signature ${file} proves nothing: ${why}.`,
    remedy: 'Ask the person who signed to look at the head again.',
    retry: 'never' as const,
  };
}
