import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { assert } from '../../base/assert.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { replaceFile, syncFolder } from '../../platform/durable-files.ts';
import type { RunFolder } from '../../ports/run-folder.ts';
import { openJournalFile } from './journal-file.ts';
import { openOutputFiles } from './output-files.ts';
import { openWorkFolder } from './work-folder.ts';

/** `close` writes what is waiting and gives the journal's descriptor back. */
export type DiskRunFolder = RunFolder & { close(): Promise<Outcome<void>> };

/**
 * Opens the folder of one run, making it and its work folder where they are missing.
 *
 * @param request.path the run's own folder; its last part is the run's id.
 * @param request.workPath scratch space of this run alone, on a disk with room for the dump; left out where nothing big is
 *   handled, so that looking at a finished run leaves no trace.
 */
export async function openRunFolder(request: {
  readonly path: string;
  readonly workPath?: string;
  /** Looked at before each fact: why the lock of the run is not held any more. */
  readonly stillOurs?: () => Promise<Failure | undefined>;
}): Promise<Outcome<DiskRunFolder>> {
  const path = resolve(request.path);
  try {
    // It tells where everything is and who did what: of this user alone.
    await mkdir(path, { recursive: true, mode: 0o700 });
    await syncFolder(dirname(path));
  } catch (error) {
    return fail(describeFileFailure({ doing: `make the folder ${path}`, error }));
  }
  const work = request.workPath === undefined ? noWorkFolder : await openWorkFolder(request.workPath);
  if (!work.ok) return work;
  const journal = openJournalFile(path, request.stillOurs);
  const outputs = openOutputFiles(join(path, 'output'));
  return succeed({
    id: basename(path),
    path,
    readJournal: journal.read,
    appendJournal: journal.append,
    cutJournal: journal.cut,
    appendOutput: outputs.append,
    flushOutputs: outputs.flush,
    outputDigests: outputs.digests,
    writeRecord: (name, text) => writeRecord(join(path, name), text),
    workFile: work.value.file,
    clearWork: work.value.clear,
    close: async () => {
      const flushed = await outputs.flush();
      await journal.close();
      return flushed;
    },
  });
}

const noWorkFolder = succeed({
  file: (name: string): string => {
    throw new Error(`Broken promise: a run opened only to look at it asks for ${name}`);
  },
  clear: async (): Promise<Outcome<void>> => succeed(undefined),
});

async function writeRecord(path: string, text: string): Promise<Outcome<string>> {
  assert(!basename(path).startsWith('journal'), 'a record is not written over the journal');
  try {
    // Under the lock of the run.
    await replaceFile({ path, content: text, mode: 0o600, alone: true });
    return succeed(path);
  } catch (error) {
    return fail(describeFileFailure({ doing: `write ${path}`, error }));
  }
}
