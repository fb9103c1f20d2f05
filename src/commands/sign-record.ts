import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createProcessRunner } from '../adapters/process/execa-process-runner.ts';
import { appendToRecord } from '../app/append-to-record.ts';
import type { Options } from '../app/arguments.ts';
import { type CommandContext, printLine } from '../app/command-context.ts';
import { exitStatus } from '../app/exit-status.ts';
import type { LoggedRun } from '../app/run-log.ts';
import {
  checkSignature,
  signatureFolder,
  signatureName,
  signedText,
  signedTextName,
  signText,
} from '../app/signatures.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import type { Entry, SigningRole } from '../journal/entry.ts';
import { replaceFile } from '../platform/sync-folder.ts';

type SignRequest = { readonly run: LoggedRun; readonly logFolder: string; readonly options: Options };

/** One person, in one role, vouches for the journal as it stands now. */
export async function signRecord(request: SignRequest, context: CommandContext): Promise<Outcome<number>> {
  const { run, logFolder, options } = request;
  const { key, as } = options.record;
  if (key === undefined || as === undefined) {
    return fail({
      code: 'invalid-input',
      message: 'A signature needs a key and a role.',
      remedy: 'Give --key FILE and --as commander, operator, witness or approver.',
      retry: 'after-fix',
    });
  }
  const signer = options.record.signer ?? nameOf(run, as);
  if (signer === undefined) {
    return fail({
      code: 'invalid-input',
      message: `Nobody was named as ${as} when run ${run.folder.id} began.`,
      remedy: 'Say who signs: --signer NAME.',
      retry: 'after-fix',
    });
  }
  const keyFile = resolve(context.folder, key);
  const written = await appendToRecord({
    runId: run.folder.id,
    logFolder,
    entry: (fresh) => sign({ run: fresh, role: as, signer, keyFile }, context),
  });
  if (!written.ok) return written;
  for (const warning of written.value.warnings) printLine(context, warning);
  printLine(context, `signed as ${as} by ${signer}; head ${written.value.head}`);
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
  { environment }: CommandContext,
): Promise<Outcome<Entry>> {
  const { run, role, signer, keyFile } = request;
  const { folder, reading } = run;
  const entries = reading.entries.length;
  const head = reading.head.hash;
  const text = signedText({ runId: folder.id, role, signer, entries, head });
  const tools = { processes: createProcessRunner(), environment };
  const signature = await signText(tools, { keyFile, text });
  if (!signature.ok) return signature;
  const name = signatureName({ role, entries });
  const file = join(folder.path, signatureFolder, name);
  try {
    await mkdir(join(folder.path, signatureFolder), { recursive: true });
    await replaceFile(join(dirname(file), signedTextName(name)), text);
    await replaceFile(file, signature.value);
  } catch (error) {
    return fail(describeFileFailure({ doing: `write ${file}`, error }));
  }
  const checked = await checkSignature(tools, { signatureFile: file, text });
  if (!checked.ok) return checked;
  return succeed({
    kind: 'signed-off',
    role,
    signer,
    entries,
    head,
    keyFingerprint: checked.value,
    signature: { name, sha256: createHash('sha256').update(signature.value).digest('hex') },
  });
}
