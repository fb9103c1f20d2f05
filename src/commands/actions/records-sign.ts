import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createProcessRunner } from '../../adapters/process/execa-process-runner.ts';
import { signMessage } from '../../adapters/signing/sign-message.ts';
import { appendToRecord } from '../../app/append-to-record.ts';
import { type CommandContext, printLine } from '../../app/command-context.ts';
import { exitStatus } from '../../app/exit-status.ts';
import type { Options } from '../../app/options.ts';
import { findRun, type LoggedRun } from '../../app/run-log.ts';
import {
  checkSignature,
  signatureFolder,
  signatureName,
  signatureNamespace,
  signedText,
  signedTextName,
} from '../../app/signatures.ts';
import { sha256 } from '../../base/digest.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import type { Entry } from '../../journal/entry.ts';
import type { SigningRole } from '../../journal/signing-roles.ts';
import { replaceFile } from '../../platform/durable-files.ts';

/** One person, in one role, vouches for the journal as it stands now. */
export async function signRecord(
  request: {
    readonly named: string | undefined;
    readonly key: string;
    readonly role: SigningRole;
    readonly options: Options<'signer' | 'logFolder'>;
  },
  context: Pick<CommandContext, 'environment' | 'folder' | 'stdout'>,
): Promise<Outcome<number>> {
  const { named, key, role, options } = request;
  const logFolder = resolve(context.folder, options.logFolder);
  const found = await findRun({ logFolder, named, fits: () => true, what: 'run' });
  if (!found.ok) return found;
  const run = found.value;
  const signer = options.signer ?? nameOf(run, role);
  if (signer === undefined) {
    return fail({
      code: 'invalid-input',
      message: `Nobody was named as ${role} when run ${run.folder.id} began.`,
      remedy: 'Say who signs: --signer NAME.',
      retry: 'after-fix',
    });
  }
  const keyFile = resolve(context.folder, key);
  const written = await appendToRecord({
    runId: run.folder.id,
    logFolder,
    entry: (fresh) => sign({ run: fresh, role, signer, keyFile }, context),
  });
  if (!written.ok) return written;
  for (const warning of written.value.warnings) printLine(context, warning);
  printLine(context, `signed as ${role} by ${signer}; head ${written.value.head}`);
  return succeed(exitStatus.verified);
}

function nameOf({ state }: LoggedRun, role: SigningRole): string | undefined {
  const { people } = state.start;
  return role === 'approver' ? people?.resultApprover : people?.[role];
}

async function sign(
  request: {
    readonly run: LoggedRun;
    readonly role: SigningRole;
    readonly signer: string;
    readonly keyFile: string;
  },
  { environment }: Pick<CommandContext, 'environment'>,
): Promise<Outcome<Entry>> {
  const { run, role, signer, keyFile } = request;
  const { folder, reading } = run;
  const entries = reading.entries.length;
  const head = reading.head.hash;
  const text = signedText({ runId: folder.id, role, signer, entries, head });
  const tools = { processes: createProcessRunner(), environment };
  const signature = await signMessage(tools, { keyFile, namespace: signatureNamespace, message: text });
  if (!signature.ok) return signature;
  const name = signatureName({ role, entries });
  const file = join(folder.path, signatureFolder, name);
  try {
    await mkdir(join(folder.path, signatureFolder), { recursive: true, mode: 0o700 });
    await replaceFile({ path: join(dirname(file), signedTextName(name)), content: text, mode: 0o600 });
    await replaceFile({ path: file, content: signature.value, mode: 0o600 });
  } catch (error) {
    return fail(describeFileFailure({ doing: `write ${file}`, error }));
  }
  const checked = await checkSignature({ signatureFile: file, text });
  if (!checked.ok) return checked;
  return succeed({
    kind: 'signed-off',
    role,
    signer,
    entries,
    head,
    keyFingerprint: checked.value.fingerprint,
    signature: { name, sha256: sha256(signature.value) },
  });
}
