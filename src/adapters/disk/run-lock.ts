import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { parseJson } from '../../base/parse-json.ts';
import { errorCode } from '../../base/thrown.ts';
import { writeNewFile } from '../../platform/durable-files.ts';
import { findFate, identifyThisProcess, processOnHost } from '../../platform/process-identity.ts';

export type Lock = {
  release(): Promise<void>;
  /** Why it is not held any more: somebody removed it, or took it. undefined while it is. */
  stillOurs(): Promise<Failure | undefined>;
};

const holderSchema = processOnHost.extend({ nonce: z.string(), since: z.string() });

type Holder = Readonly<z.infer<typeof holderSchema>>;

/**
 * One run at a time: a file that is there or is not, made whole and by link(2), so it is never seen half written. A
 * lock whose owner is dead is inherited. To inherit, a taker first links `PATH.after-NONCE`, NONCE being the dead
 * lock's: that name can be made once, so two takers over one dead lock cannot both win. When the winner dies too, its
 * own successor is looked for, and so on. The winner looks at the lock once more, since it may have been inherited
 * and tidied up before, and only then renames its own over it.
 */
export async function takeLock(request: { readonly path: string }): Promise<Outcome<Lock>> {
  const { path } = request;
  const own = {
    ...(await identifyThisProcess()),
    nonce: randomBytes(8).toString('hex'),
    since: new Date().toISOString(),
  };
  const draft = `${path}.draft-${own.nonce}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeDraft(draft, own);
    for (;;) {
      const step = await tryOnce({ path, draft, own });
      if (step === 'taken') break;
      if (step !== 'again') return fail(step);
    }
    await tidyUp(path);
    return succeed({
      release: () => release(path, own.nonce),
      stillOurs: () => whyNotOurs(path, own.nonce),
    });
  } catch (error) {
    return fail(describeFileFailure({ doing: `lock ${path}`, error }));
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}

/** Who holds a lock right now, as far as this host can tell. Nobody: undefined. */
export async function findHolder(path: string): Promise<
  | {
      readonly pid: number;
      readonly host: string;
      readonly since: string;
      readonly fate: 'alive' | 'unknown';
    }
  | undefined
> {
  const holder = await readHolder(path).catch(() => 'gone' as const);
  if (typeof holder === 'string') return undefined;
  const fate = await findFate(holder);
  const { pid, host, since } = holder;
  return fate === 'dead' ? undefined : { pid, host, since, fate };
}

type Attempt = { readonly path: string; readonly draft: string; readonly own: Holder };

async function tryOnce({ path, draft, own }: Attempt): Promise<'taken' | 'again' | Failure> {
  if (await linkNew(draft, path)) return 'taken';
  const first = await readHolder(path);
  if (first === 'gone') return 'again';
  if (first === 'unreadable') return notOurs(path);
  // The last in the line of inheritors: the one after whom nobody has come yet.
  let last = first;
  for (;;) {
    const fate = await findFate(last);
    if (fate !== 'dead') return heldBy({ path, holder: last, fate });
    const next = await readHolder(successorOf(path, last));
    if (next === 'unreadable') return notOurs(successorOf(path, last));
    if (next === 'gone') break;
    last = next;
  }
  const claim = successorOf(path, last);
  if (!(await linkNew(draft, claim))) return 'again';
  const now = await readHolder(path);
  if (typeof now === 'string' || now.nonce !== first.nonce) {
    await rm(claim, { force: true });
    return 'again';
  }
  const second = `${draft}-2`;
  await writeDraft(second, own);
  await rename(second, path);
  return 'taken';
}

function successorOf(path: string, holder: Holder): string {
  return `${path}.after-${holder.nonce}`;
}

/** After a power cut an empty lock would belong to nobody, and nobody could take it. */
function writeDraft(path: string, holder: Holder): Promise<void> {
  return writeNewFile({ path, content: `${JSON.stringify(holder)}\n` });
}

/** False when the name is taken. */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<Holder | 'gone' | 'unreadable'> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'gone';
    throw error;
  }
  return holderSchema.safeParse(parseJson(text)).data ?? 'unreadable';
}

/**
 * What inheritors left behind decides nothing any more: each of them looks at the lock again before it takes it. Nor does the draft of a
 * process that is gone.
 */
async function tidyUp(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${basename(path)}.after-`)) await rm(join(folder, name), { force: true });
    if (!name.startsWith(`${basename(path)}.draft-`)) continue;
    const holder = await readHolder(join(folder, name)).catch(() => 'gone' as const);
    if (typeof holder !== 'string' && (await findFate(holder)) === 'dead')
      await rm(join(folder, name), { force: true });
  }
}

/** Locks of processes that are gone, and that nobody has a reason to take any more: taken once, and given back. */
export async function sweepLocks(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => !one.includes('.'))) {
    const holder = await readHolder(join(folder, name)).catch(() => 'unreadable' as const);
    if (typeof holder === 'string' || (await findFate(holder)) !== 'dead') continue;
    const taken = await takeLock({ path: join(folder, name) });
    if (taken.ok) await taken.value.release();
  }
  // A door whose process was killed has no lock beside it any more.
  for (const name of names.filter((one) => one.endsWith('.sock'))) {
    const lock = await readHolder(join(folder, name.slice(0, -'.sock'.length))).catch(
      () => 'unreadable' as const,
    );
    if (lock === 'gone') await rm(join(folder, name), { force: true }).catch(() => {});
  }
}

async function release(path: string, nonce: string): Promise<void> {
  const holder = await readHolder(path).catch(() => 'unreadable' as const);
  if (typeof holder !== 'string' && holder.nonce === nonce) await rm(path, { force: true });
}

async function whyNotOurs(path: string, nonce: string): Promise<Failure | undefined> {
  const holder = await readHolder(path);
  if (typeof holder !== 'string' && holder.nonce === nonce) return undefined;
  const found =
    typeof holder === 'string' ? 'it is gone' : `process ${holder.pid} on ${holder.host} holds it`;
  return {
    code: 'conflict',
    message: `The lock ${path} is not held by this process any more: ${found}.`,
    remedy: 'Make sure that nobody else goes on with this run, then go on with `thaw resume`.',
    retry: 'after-fix',
  };
}

function heldBy(request: {
  readonly path: string;
  readonly holder: Holder;
  readonly fate: 'alive' | 'unknown';
}): Failure {
  const { path, holder, fate } = request;
  const since = `${holder.since.slice(0, 19).replace('T', ' ')} UTC`;
  const owner = `process ${holder.pid} on ${holder.host} since ${since}`;
  return {
    code: 'conflict',
    message: `Cannot lock ${path}: ${owner} holds it.`,
    remedy:
      fate === 'alive'
        ? `Wait for process ${holder.pid}, or stop it, then try again.`
        : `Make sure on ${holder.host} that process ${holder.pid} has ended, then remove ${path}.`,
    retry: 'after-fix',
  };
}

function notOurs(path: string): Failure {
  return {
    code: 'conflict',
    message: `Cannot lock ${path}: the file there does not say whose it is.`,
    remedy: `Make sure that no other run is under way, then remove ${path}.`,
    retry: 'after-fix',
  };
}
