import { join, resolve } from 'node:path';
import { readAnchors } from '../../app/anchors.ts';
import { readChainHeads } from '../../app/chain-heads.ts';
import { type CommandContext, printLine } from '../../app/command-context.ts';
import { exitStatus } from '../../app/exit-status.ts';
import { loadRunbook, readyRunbook } from '../../app/load-runbook.ts';
import type { Options } from '../../app/options.ts';
import { findRun, type LoggedRun } from '../../app/run-log.ts';
import {
  badSignature,
  checkSignature,
  checkSigner,
  signatureFolder,
  signedText,
} from '../../app/signatures.ts';
import {
  damagedRecord,
  headAt,
  judgeLogFolder,
  sayFindings,
  verifyAnchors,
  verifyRecord,
} from '../../app/verify-record.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { entriesOfKind, type WrittenEntry } from '../../record/entries-of-kind.ts';
import { createWorld } from '../../registry/wire.ts';

type Around = Pick<CommandContext, 'environment' | 'folder' | 'stdout'>;

type VerifyOptions = Options<'allowedSigners' | 'anchored' | 'envFiles' | 'logFolder'>;

/** Record, journal, outputs, index and chain heads of one run: whether they still agree. */
export async function verifyOneRecord(
  request: { readonly named: string | undefined; readonly options: VerifyOptions },
  context: Around,
): Promise<Outcome<number>> {
  const { named, options } = request;
  const logFolder = resolve(context.folder, options.logFolder);
  const run = await findRun({ logFolder, named, fits: () => true, what: 'run' });
  if (run.ok) return verifyRun({ run: run.value, logFolder, options }, context);
  return run.failure.code === 'invalid-input' ? verifyVanished(run.failure, logFolder) : run;
}

type VerifyRequest = {
  readonly run: LoggedRun;
  readonly logFolder: string;
  readonly options: VerifyOptions;
};

async function verifyRun(request: VerifyRequest, context: Around): Promise<Outcome<number>> {
  const { run, logFolder, options } = request;
  const { folder, reading } = run;
  const verified = await verifyRecord(run, logFolder);
  if (!verified.ok) return verified;
  const lines = [...verified.value.lines];
  for (const signed of entriesOfKind(reading.entries, 'signed-off')) {
    const line = await checkOne({ run, signed, allowedSigners: options.allowedSigners });
    if (!line.ok) return line;
    lines.push(line.value);
  }
  lines.push(...sameKeyTwice(run));
  if (options.anchored !== undefined) {
    const anchored = await checkAnchors({ run, runbook: options.anchored, options }, context);
    if (!anchored.ok) return anchored;
    lines.push(anchored.value);
  }
  const { record, findings } = verified.value;
  const { outputs } = record;
  const found = sayFindings(folder.id, findings);
  if (found === undefined)
    printLine(
      context,
      `${folder.id}: ${reading.entries.length} entries, ${outputs.length} outputs and the three files of the record agree.`,
    );
  for (const line of lines) printLine(context, line);
  printLine(context, `head ${reading.head.hash}`);
  printLine(
    context,
    'Tamper-evident, not tamper-proof: compare the head with the one written down when the run ended.',
  );
  return found === undefined ? succeed(exitStatus.verified) : fail(found);
}

/** No run of that name, or none at all: whether there was one once. */
async function verifyVanished(noRun: Failure, logFolder: string): Promise<Outcome<number>> {
  const heads = await readChainHeads(logFolder);
  if (!heads.ok) return heads;
  const gone = await judgeLogFolder(logFolder, heads.value);
  if (gone.length === 0) return fail(noRun);
  return fail({
    code: 'not-verified',
    message: `${noRun.message} ${gone.map(({ text }) => text).join('; ')}.`,
    remedy: 'Find out who took it away, and look for a copy.',
    retry: 'after-fix',
  });
}

/** Without the file of allowed signers it is only known that one key signed this head, not whose it is. */
async function checkOne(request: {
  readonly run: LoggedRun;
  readonly signed: WrittenEntry<'signed-off'>;
  readonly allowedSigners: string | undefined;
}): Promise<Outcome<string>> {
  const { run, signed, allowedSigners } = request;
  const { role, signer, entries, head, keyFingerprint, signature } = signed;
  if (entries !== signed.seq - 1 || headAt(run.reading, entries) !== head)
    return fail(
      damagedRecord(run.folder.id, `the ${role} signed another head than the one after entry ${entries}`),
    );
  const text = signedText({ runId: run.folder.id, role, signer, entries, head });
  const file = join(run.folder.path, signatureFolder, signature.name);
  const checked = await checkSignature({ signatureFile: file, text });
  if (!checked.ok) return checked;
  const { fingerprint, blob } = checked.value;
  if (fingerprint !== keyFingerprint) return fail(badSignature(file, `its key is ${fingerprint}`));
  const words = `Signed as ${role} by ${signer} over entries 1 to ${entries} with ${keyFingerprint}`;
  if (allowedSigners === undefined)
    return succeed(`${words}; whose key that is, only --allowed-signers FILE can tell.`);
  const principal = await checkSigner({ signatureFile: file, blob, allowedSigners });
  return principal.ok ? succeed(`${words}, the key of ${principal.value} by ${allowedSigners}.`) : principal;
}

/** By the runbook of whoever verifies: the journal under test names a runbook, too, and a forged one leads to a store with forged anchors. */
async function checkAnchors(
  request: {
    readonly run: LoggedRun;
    readonly runbook: string;
    readonly options: Options<'envFiles'>;
  },
  context: Around,
): Promise<Outcome<string>> {
  const { run, options } = request;
  const loaded = await loadRunbook(request.runbook, context);
  if (!loaded.ok) return loaded;
  const { environment } = context;
  const ready = await readyRunbook(loaded.value, {
    mode: 'live',
    environment,
    envFiles: options.envFiles,
    needs: ({ backups, records }) => ({ backups, records }),
  });
  if (!ready.ok) return ready;
  const prefix = ready.value.filled.records?.anchor;
  if (prefix === undefined) {
    return fail({
      code: 'invalid-input',
      message: `Runbook ${loaded.value.path} anchors nothing.`,
      remedy: 'Name the runbook whose records.anchor says where the heads are kept.',
      retry: 'after-fix',
    });
  }
  const world = createWorld(environment);
  try {
    const store = world.openStore(ready.value.targets.backups.store);
    const anchors = await readAnchors({ store, prefix }, run.folder.id);
    if (!anchors.ok) return anchors;
    const place = `${store.address}/${prefix}, as ${loaded.value.path} says`;
    return verifyAnchors(run, { anchors: anchors.value, place });
  } finally {
    await world.close();
  }
}

/** Two roles and one key are one witness. */
function sameKeyTwice({ reading }: LoggedRun): readonly string[] {
  const rolesByKey = new Map<string, Set<string>>();
  for (const { keyFingerprint, role } of entriesOfKind(reading.entries, 'signed-off')) {
    const roles = rolesByKey.get(keyFingerprint) ?? new Set();
    rolesByKey.set(keyFingerprint, roles.add(role));
  }
  return [...rolesByKey]
    .filter(([, roles]) => roles.size > 1)
    .map(([key, roles]) => `${[...roles].join(' and ')} signed with the same key, ${key}.`);
}
