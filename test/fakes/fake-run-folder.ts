import { createHash } from 'node:crypto';
import { type Failure, fail, type Outcome, succeed } from '../../src/base/failure.ts';
import type { RunFolder } from '../../src/ports/run-folder.ts';

export type FakeRunFolder = RunFolder & {
  /** Every line that was appended, in order. */
  lines(): readonly string[];
  output(name: string): readonly string[];
  record(name: string): string | undefined;
  workCleared(): number;
};

export type FakeRunFolderOptions = {
  readonly id?: string;
  /** What an earlier process left. */
  readonly journal?: Buffer;
  /** Called before each line: a failure is what the disk would have said. */
  readonly beforeAppend?: (line: string) => Failure | undefined;
  /** Called when a line is durable. */
  readonly afterAppend?: (line: string) => void;
};

/** The folder of a run in memory. Passes the contract of the real one. */
export function createFakeRunFolder(options: FakeRunFolderOptions = {}): FakeRunFolder {
  const { id = '2026-04-28T1448Z-crm-live', beforeAppend, afterAppend } = options;
  let journal = options.journal ?? Buffer.alloc(0);
  const lines: string[] = [];
  const outputs = new Map<string, string[]>();
  const records = new Map<string, string>();
  let cleared = 0;

  function append(line: string): Outcome<void> {
    const refused = beforeAppend?.(line);
    if (refused !== undefined) return fail(refused);
    journal = Buffer.concat([journal, Buffer.from(line)]);
    lines.push(line);
    afterAppend?.(line);
    return succeed(undefined);
  }

  return {
    id,
    path: `/restore-logs/${id}`,
    readJournal: async () => succeed(journal),
    appendJournal: async (line) => append(line),
    cutJournal: async (keepBytes) => {
      journal = journal.subarray(0, keepBytes);
      return succeed(undefined);
    },
    appendOutput: (name, line) => void outputs.set(name, [...(outputs.get(name) ?? []), line]),
    flushOutputs: async () => succeed(undefined),
    outputDigests: async () => succeed([...outputs].sort().map(([name, text]) => digest(name, text))),
    writeRecord: async (name, text) => {
      records.set(name, text);
      return succeed(`/restore-logs/${id}/${name}`);
    },
    workFile: (name) => `/scratch/${id}/${name}`,
    clearWork: async () => {
      cleared += 1;
      return succeed(undefined);
    },
    lines: () => lines,
    output: (name) => outputs.get(name) ?? [],
    record: (name) => records.get(name),
    workCleared: () => cleared,
  };
}

function digest(name: string, lines: readonly string[]) {
  const text = lines.map((line) => `${line}\n`).join('');
  return { name: `${name}.log`, sha256: createHash('sha256').update(text).digest('hex') };
}
