import { type ArchiveHeader, archiveHeaderBytes, readArchiveHeader } from '../backups/archive-header.ts';
import type { Snapshot } from '../backups/snapshot.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { StepContext } from '../engine/step-handler.ts';
import { backupStore } from './open-targets.ts';

type Reach = Pick<StepContext, 'world' | 'targets'>;

/**
 * Proves, without fetching it whole, that the key at hand opens this snapshot, that it is a dump, and that the pg_restore at
 * hand can read it. Reads only; nothing may be stopped or dropped before this succeeded.
 *
 * @returns a sentence about what was found.
 */
export async function openSnapshot(context: Reach, snapshot: Snapshot): Promise<Outcome<string>> {
  const unpacker = context.world.openUnpacker(context.targets.backups.key);
  const reading = await backupStore(context).read({ key: snapshot.key });
  if (!reading.ok) return reading;
  const head = await unpacker.peek({
    body: reading.value.body,
    layers: snapshot.layers,
    wantBytes: archiveHeaderBytes,
  });
  if (!head.ok) return head;
  const header = readArchiveHeader(head.value);
  if (!header.ok) return header;
  return checkToolReads(context, { header: header.value, name: snapshot.id });
}

/** An older pg_restore refuses a newer archive, and says so only after the old database would be gone. */
export async function checkToolReads(
  context: Reach,
  { header, name }: { readonly header: ArchiveHeader; readonly name: string },
): Promise<Outcome<string>> {
  const tools = context.world.openDumpTools(context.targets.acting.databaseUrl);
  const tool = await tools.restoreToolVersion();
  if (!tool.ok) return tool;
  const about = `archive ${header.archiveVersion} of pg_dump ${header.dumpVersion}, from PostgreSQL ${header.serverVersion}`;
  if (tool.value.major >= header.neededMajor) {
    return succeed(`${name} opens: ${about}; pg_restore ${tool.value.text} reads it`);
  }
  return fail({
    code: 'tool-too-old',
    message: `pg_restore ${tool.value.text} cannot read ${name}: ${about} needs pg_restore ${header.neededMajor} or newer.`,
    remedy: `Install postgresql-client-${header.neededMajor} or newer on this host, then check again.`,
    retry: 'after-fix',
  });
}
