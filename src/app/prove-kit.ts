import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcessRunner } from '../adapters/process/execa-process-runner.ts';
import { parseSigners } from '../backups/author.ts';
import { kitPrefix, namesSigner } from '../backups/kit.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes, formatTime } from '../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../base/verdict.ts';
import { checkKitFile, type FoundKit, findKits } from '../operations/read-kit.ts';
import type { World } from '../ports/world.ts';
import { kitNames, unpackKit } from './kit-folder.ts';
import { loadRunbook, type ReadyRunbook } from './load-runbook.ts';

type Proving = {
  readonly ready: Pick<ReadyRunbook, 'filled' | 'targets'>;
  readonly world: World;
  /** From the command line; otherwise `backups.signers` says whose signature counts. */
  readonly signer: string | undefined;
  readonly onLine: (line: string) => void;
};

/** `open`: what nobody could check here, in whole sentences with what would check it. */
type Proven = {
  readonly kit: FoundKit;
  readonly open: readonly { readonly text: string; readonly remedy: string }[];
};

/**
 * The kit in the store, as whoever has nothing else would use it: unpacked into an empty folder, every file by its digest, the runbook read,
 * the program started. Nothing of it is executed where nobody vouches for its signer.
 */
export async function proveKit(request: Proving): Promise<Outcome<Proven>> {
  const { ready, world, signer, onLine } = request;
  const config = ready.targets.backups.store;
  const store = world.openStore(config);
  const kits = await findKits(store, kitPrefix(ready.filled.name));
  if (!kits.ok) return kits;
  const [found] = kits.value;
  if (found === undefined) throw new Error('Broken promise: kits were found, and there is none');
  const believed = judgeSigner(found, { signer, pinned: ready.targets.backups.signers ?? '' });
  if (!believed.ok) return believed;
  onLine(`made ${formatTime(Date.parse(found.kit.madeAt))}, ${believed.value.text}`);
  const folder = await mkdtemp(join(tmpdir(), 'thaw-kit-'));
  try {
    const into = join(folder, found.kit.folder);
    const isSmall = ({ role }: FoundKit['kit']['files'][number]) => role !== 'images';
    const unpacked = await unpackKit({ ...{ store, found, config, into, onLine }, takes: isSmall });
    if (!unpacked.ok) return unpacked;
    for (const file of found.kit.files.filter((one) => !isSmall(one))) {
      onLine(`${file.path}, ${formatBytes(file.sizeBytes)}, is read to its end`);
      const checked = await checkKitFile(store, { prefix: found.prefix, file });
      if (!checked.ok) return checked;
      onLine(`${file.path}: as it was signed`);
    }
    const { isKnown } = believed.value;
    const tried = await tryUnpacked(into, { found, isKnown, onLine });
    if (!tried.ok) return tried;
    const unknown = isKnown ? [] : [{ text: believed.value.text, remedy: vouch }];
    return succeed({ kit: found, open: [...unknown, ...tried.value] });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** For a drill, whose record says what became of the kit. */
export async function checkKit(request: Omit<Proving, 'signer' | 'onLine'>): Promise<readonly Check[]> {
  const proven = await proveKit({ ...request, signer: undefined, onLine: () => undefined });
  if (!proven.ok) {
    const { code, message, remedy } = proven.failure;
    const text = `the kit: ${message}`;
    return [notReached.includes(code) ? couldNotVerify(text, remedy) : failed(text, remedy)];
  }
  const { kit, open } = proven.value;
  const { madeAt, files } = kit.kit;
  return [
    passed(
      `the kit made ${formatTime(Date.parse(madeAt))}: ${files.length} files as they were signed, and its runbook holds together`,
    ),
    ...open.map(({ text, remedy }) => ({
      verdict: 'not-checked' as const,
      text: `the kit: ${text}`,
      remedy,
    })),
  ];
}

/** These say something of the way to the kit, and nothing of the kit. */
const notReached: readonly Failure['code'][] = [
  ...(['unreachable', 'stalled', 'cancelled', 'out-of-space', 'tool-missing'] as const),
];

const vouch = 'Pin the signer in backups.signers; `thaw kit RUNBOOK --check --signer WHO` checks it once.';

/** Whether somebody outside the store says who has to have signed it. */
function judgeSigner(
  { signer, kit }: FoundKit,
  known: { readonly signer: string | undefined; readonly pinned: string },
): Outcome<{ readonly text: string; readonly isKnown: boolean }> {
  const pinned = parseSigners(known.pinned);
  const isPinned = !('fault' in pinned) && pinned.size > 0;
  const other = (whom: string) =>
    fail({
      code: 'denied',
      message: `The kit of ${kit.title} is signed by ${signer}, ${whom}.`,
      remedy: 'Find out who changed the bucket; `thaw kit RUNBOOK` makes the kit anew.',
      retry: 'after-fix',
    } satisfies Failure);
  if (known.signer !== undefined)
    return namesSigner(known.signer, signer)
      ? succeed({ text: `signed by ${signer}, as --signer says`, isKnown: true })
      : other(`and not by ${known.signer}`);
  if (!isPinned)
    return succeed({
      text: `signed by ${signer}; whether that is the right one was not checked: compare it with the printed page, or give --signer`,
      isKnown: false,
    });
  return pinned.has(signer)
    ? succeed({ text: `signed by ${signer}, which backups.signers names`, isKnown: true })
    : other('which is none of backups.signers');
}

/** What lies there now is all there is: the runbook holds together, and the program starts. */
async function tryUnpacked(
  folder: string,
  about: Pick<Proving, 'onLine'> & { readonly found: FoundKit; readonly isKnown: boolean },
): Promise<Outcome<Proven['open']>> {
  const { found, isKnown, onLine } = about;
  const loaded = await loadRunbook(join(folder, kitNames.runbook), { environment: {}, folder });
  if (!loaded.ok) return loaded;
  onLine(`${kitNames.runbook} holds together`);
  const open: { readonly text: string; readonly remedy: string }[] = [];
  for (const { path } of found.kit.files.filter(({ role }) => role === 'program')) {
    const started = isKnown ? await startProgram(join(folder, path)) : succeed(undefined);
    if (!started.ok) return started;
    const why = isKnown ? 'it is for another processor' : 'nobody said whose signature the kit has to bear';
    const remedy = isKnown ? 'Check it on a host of that kind: `thaw kit RUNBOOK --check`.' : vouch;
    const text =
      started.value === undefined ? `${path} was not started: ${why}` : `${path} starts: ${started.value}`;
    onLine(text);
    if (started.value === undefined) open.push({ text, remedy });
  }
  onLine(`${(await readdir(folder)).length} names in an empty folder, and nothing else was needed`);
  for (const { path, why } of found.kit.left) onLine(`not in the kit: ${path}: ${why}`);
  return succeed(open);
}

/** undefined where this host's processor cannot run it. */
async function startProgram(path: string): Promise<Outcome<string | undefined>> {
  const ran = await createProcessRunner().run({ program: path, args: ['version'], env: {}, stallMs: 60_000 });
  if (!ran.ok)
    return /-(x64|arm64)$/.test(path) && !path.endsWith(`-${process.arch}`) ? succeed(undefined) : ran;
  if (ran.value.exitCode === 0) return succeed(ran.value.stdout.trim());
  return fail({
    code: 'command-failed',
    message: `${path} does not start: it ended with ${ran.value.exitCode}.`,
    remedy: 'Put a program into the kit that starts on this host: producer.kit.program.',
    retry: 'after-fix',
    detail: ran.value.stderr,
  } satisfies Failure);
}
