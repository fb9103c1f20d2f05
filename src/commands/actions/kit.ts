import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcessRunner } from '../../adapters/process/execa-process-runner.ts';
import type { CommandContext } from '../../app/command-context.ts';
import { exitStatus } from '../../app/exit-status.ts';
import { kitNames, unpackKit } from '../../app/kit-folder.ts';
import { loadRunbook } from '../../app/load-runbook.ts';
import type { Options } from '../../app/options.ts';
import { refreshKit } from '../../app/refresh-kit.ts';
import { type AtWork, withRunbook } from '../../app/with-runbook.ts';
import { parseSigners } from '../../backups/author.ts';
import { kitPrefix, namesSigner } from '../../backups/kit.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatBytes } from '../../base/units.ts';
import { checkKitFile, type FoundKit, findKits } from '../../operations/read-kit.ts';

type KitRequest = {
  readonly runbook: string;
  readonly options: Options<'json' | 'envFiles' | 'checkKit' | 'images' | 'signer'>;
};

/** Puts a kit beside the backups, or proves that the one that lies there suffices. */
export function kit(
  request: KitRequest,
  context: Pick<CommandContext, 'environment' | 'folder' | 'stdout'>,
): Promise<Outcome<number>> {
  const { checkKit } = request.options;
  return withRunbook(
    {
      command: 'kit',
      ...request,
      needs: ({ backups: { store, signers }, producer }) =>
        checkKit ? [store, signers] : [store, producer?.sign, producer?.kit, producer?.encrypt],
      // What is known here is told to whoever restores; what is not is asked for there.
      wants: (runbook) => (checkKit ? undefined : runbook),
      work: async (at) => {
        const done = checkKit
          ? await proveKit(request, at)
          : await refreshKit({ ...at, images: request.options.images, onLine: at.say }, context);
        return done.ok ? succeed(exitStatus.verified) : done;
      },
    },
    context,
  );
}

/** As whoever has nothing else would use it: unpacked into an empty folder, the signer known from elsewhere. */
async function proveKit({ options }: KitRequest, at: AtWork): Promise<Outcome<void>> {
  const { ready, world, say } = at;
  const store = world.openStore(ready.targets.backups.store);
  const kits = await findKits(store, kitPrefix(ready.filled.name));
  if (!kits.ok) return kits;
  const [found] = kits.value;
  if (found === undefined) throw new Error('Broken promise: kits were found, and there is none');
  const believed = judgeSigner(found, {
    signer: options.signer,
    pinned: ready.targets.backups.signers ?? '',
  });
  if (!believed.ok) return believed;
  say(`made ${found.kit.madeAt}, ${believed.value}`);
  const folder = await mkdtemp(join(tmpdir(), 'thaw-kit-'));
  try {
    const unpacked = await unpackKit({
      ...{ store, found, into: join(folder, found.kit.folder), config: ready.targets.backups.store },
      takes: ({ role }) => role !== 'images',
      onLine: say,
    });
    if (!unpacked.ok) return unpacked;
    for (const file of found.kit.files.filter(({ role }) => role === 'images')) {
      say(`${file.path}, ${formatBytes(file.sizeBytes)}, is read to its end`);
      const checked = await checkKitFile(store, { prefix: found.prefix, file });
      if (!checked.ok) return checked;
      say(`${file.path}: as it was signed`);
    }
    return await tryUnpacked(join(folder, found.kit.folder), { found, at });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function judgeSigner(
  { signer, kit }: FoundKit,
  known: { readonly signer: string | undefined; readonly pinned: string },
): Outcome<string> {
  const pinned = parseSigners(known.pinned);
  const others = { code: 'denied', retry: 'after-fix' } as const;
  if (known.signer !== undefined && !namesSigner(known.signer, signer)) {
    const message = `The kit of ${kit.title} is signed by ${signer}, and not by ${known.signer}.`;
    return fail({
      ...others,
      message,
      remedy: 'Find out who changed the bucket; `thaw kit RUNBOOK` makes the kit anew.',
    });
  }
  if (known.signer !== undefined) return succeed(`signed by ${signer}, as --signer says`);
  if (!('fault' in pinned) && pinned.size > 0 && !pinned.has(signer)) {
    const message = `The kit of ${kit.title} is signed by ${signer}, which is none of backups.signers.`;
    return fail({
      ...others,
      message,
      remedy: 'Find out who changed the bucket; `thaw kit RUNBOOK` makes the kit anew.',
    });
  }
  if (!('fault' in pinned) && pinned.size > 0)
    return succeed(`signed by ${signer}, which backups.signers names`);
  return succeed(
    `signed by ${signer}; whether that is the right one was not checked: compare it with the printed page, or give --signer`,
  );
}

/** What lies there now is all there is: the runbook holds together, and the program starts. */
async function tryUnpacked(
  folder: string,
  { found, at }: { readonly found: FoundKit; readonly at: AtWork },
): Promise<Outcome<void>> {
  const { say } = at;
  const loaded = await loadRunbook(join(folder, kitNames.runbook), { environment: {}, folder });
  if (!loaded.ok) return loaded;
  say(`${kitNames.runbook} holds together`);
  for (const { path } of found.kit.files.filter(({ role }) => role === 'program')) {
    const started = await startProgram(join(folder, path));
    if (!started.ok) return started;
    say(
      started.value === undefined
        ? `${path} was not started: it is for another processor`
        : `${path} starts: ${started.value}`,
    );
  }
  say(`${(await readdir(folder)).length} names in an empty folder, and nothing else was needed`);
  for (const { path, why } of found.kit.left) say(`not in the kit: ${path}: ${why}`);
  return succeed(undefined);
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
