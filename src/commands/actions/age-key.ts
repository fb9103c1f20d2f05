import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { joinShares, splitIntoShares } from '../../adapters/shamir/key-shares.ts';
import { type CommandContext, printLine } from '../../app/command-context.ts';
import { exitStatus } from '../../app/exit-status.ts';
import { readText } from '../../app/read-text.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { describeIdentities } from '../../layers/age/read-identities.ts';
import { writeNewFile } from '../../platform/durable-files.ts';

type Around = Pick<CommandContext, 'folder' | 'stdout'>;

/** Into files beside the key. Nothing secret is printed. */
export async function splitKey(
  request: { readonly key: string; readonly how: string },
  context: Around,
): Promise<Outcome<number>> {
  const { how } = request;
  const key = resolve(context.folder, request.key);
  const described = await describeIdentities(key);
  if (!described.ok) return described;
  const [needed, count] = how.split('/').map(Number);
  const secret = await readText(key);
  if (!secret.ok) return secret;
  const shares = await splitIntoShares({ secret: secret.value, needed: needed || 0, count: count || 0 });
  if (!shares.ok) return shares;
  for (const [index, share] of shares.value.entries()) {
    const written = await writeSecret(`${key}.share-${index + 1}`, `${share}\n`);
    if (!written.ok) return written;
    printLine(context, `${key}.share-${index + 1}`);
  }
  printLine(
    context,
    `Any ${needed} of them are the key to ${described.value.text}. Give each to another person.`,
  );
  return succeed(exitStatus.verified);
}

/** What comes out must be an age identity: its own checksum says whether every share was right. */
export async function joinKey(
  request: { readonly key: string; readonly shares: readonly string[] },
  context: Around,
): Promise<Outcome<number>> {
  const key = resolve(context.folder, request.key);
  const lines: string[] = [];
  for (const share of request.shares) {
    const text = await readText(resolve(context.folder, share));
    if (!text.ok) return text;
    lines.push(text.value);
  }
  const joined = await joinShares(lines);
  if (!joined.ok) return joined;
  const written = await writeSecret(key, joined.value);
  if (!written.ok) return written;
  const described = await describeIdentities(key);
  if (!described.ok) {
    await rm(key, { force: true });
    return described;
  }
  printLine(context, `${key} opens what is encrypted to ${described.value.text}`);
  return succeed(exitStatus.verified);
}

/** Never over a file that is there: it could be the only copy of another key. */
async function writeSecret(path: string, text: string): Promise<Outcome<void>> {
  try {
    await writeNewFile({ path, content: text, mode: 0o400 });
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing: `write ${path}`, error }));
  }
}
