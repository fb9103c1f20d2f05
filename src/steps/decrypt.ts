import { archiveHeaderBytes, readArchiveHeader } from '../backups/archive-header.ts';
import { succeed } from '../base/failure.ts';
import { formatBytes, formatCount } from '../base/units.ts';
import { passed } from '../base/verdict.ts';
import type { StepHandler } from '../engine/step-handler.ts';
import { archiveFileFact, dumpFileFact, needFact, snapshotFact } from './facts.ts';
import { checkToolReads } from './open-snapshot.ts';
import { blocker } from './open-targets.ts';

export const decryptDump: StepHandler<'decrypt'> = {
  kind: 'decrypt',
  title: 'Decrypt and unpack',
  afterCrash: 'run-again',
  essential: 'there is nothing to restore without the archive',

  async preview(_step, context) {
    const { layers } = needFact(snapshotFact, context);
    const how =
      layers.length === 0
        ? 'It is neither encrypted nor compressed.'
        : `Takes off ${layers.join(', then ')}.`;
    return {
      sentences: [how, 'The result counts only after its authenticated end; until then it has another name.'],
      commands: [],
    };
  },

  async check(_step, context) {
    const key = await context.world.openUnpacker(context.targets.backups.key).describeKey();
    return [key.ok ? passed(`key at hand: ${key.value.text}`) : blocker(key.failure)];
  },

  async run(_step, context) {
    const dump = needFact(dumpFileFact, context);
    const { layers } = needFact(snapshotFact, context);
    const toFile = context.workFile('archive.dump');
    const unpacked = await context.world.openUnpacker(context.targets.backups.key).unpack({
      fromFile: dump.path,
      toFile,
      layers,
      signal: context.signal,
      onProgress: (done) =>
        context.progress({ label: 'decrypted', done, total: dump.sizeBytes, unit: 'bytes' }),
    });
    if (!unpacked.ok) return unpacked;
    const { sizeBytes, sha256, engine } = unpacked.value;
    context.output(`unpacked with ${engine}: ${formatBytes(sizeBytes)}, sha256 ${sha256}`);
    await context.record(archiveFileFact.name, { path: toFile, sizeBytes, sha256, how: engine });
    return succeed({ kind: 'done' });
  },

  async verify(_step, context) {
    const archive = needFact(archiveFileFact, context);
    const snapshot = needFact(snapshotFact, context);
    const head = await context.world.host.readHead(archive.path, archiveHeaderBytes);
    if (!head.ok) return head;
    const header = readArchiveHeader(head.value);
    if (!header.ok) return header;
    const readable = await checkToolReads(context, { header: header.value, name: snapshot.id });
    if (!readable.ok) return readable;
    const contents = await context.world
      .openDumpTools(context.targets.acting.databaseUrl)
      .contents(archive.path);
    if (!contents.ok) return contents;
    const tables = contents.value.entries.filter((entry) => entry.type === 'TABLE DATA').length;
    return succeed([
      passed(
        snapshot.layers.includes('openpgp')
          ? `decrypted and authenticated to its end, with ${archive.how}`
          : `unpacked to its end (${snapshot.layers.join(', ') || 'no wrapping'}); it was not encrypted`,
      ),
      passed(
        `${formatCount(contents.value.entries.length)} entries in the archive, data of ${tables} tables`,
      ),
    ]);
  },
};
