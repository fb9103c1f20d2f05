import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { genesisHash, openLine, outgrowsLine, sealLine } from '../base/digest.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { parseJson } from '../base/parse-json.ts';
import { errorCode } from '../base/thrown.ts';
import { takeLockSoon } from './run-locks.ts';

/**
 * chain-heads.jsonl of the log folder: one line for each time a run came to an end or a stop, chained like a journal. A journal's own chain
 * cannot show that its last lines were cut off, or that an older copy was put in its place; this file, outside the run's folder,
 * can. It is evidence against slips and against whoever changes one folder, not against whoever can rewrite everything.
 */
export type Head = Readonly<z.infer<typeof headSchema>>;

const headSchema = z.object({ runId: z.string(), entries: z.int(), head: z.string(), at: z.string() });
const lineSchema = headSchema.extend({ prev: z.string() });

const fileName = 'chain-heads.jsonl';

/**
 * What a look at evidence came to. missing: something that should be there to be compared is not, so that nothing is proven.
 * contradiction: two things that should say the same do not.
 */
export type Finding = {
  readonly kind: 'missing' | 'contradiction';
  readonly text: string;
  /** The journal alone holds all that is needed to write it. */
  readonly renderable?: true;
};

export const missing = (text: string): Finding => ({ kind: 'missing', text });
export const renderable = (text: string): Finding => ({ kind: 'missing', text, renderable: true });
export const contradiction = (text: string): Finding => ({ kind: 'contradiction', text });

/** A last line without its newline was never written whole: it is left out, as of a journal, and the next one takes its place. */
export async function readChainHeads(logFolder: string): Promise<Outcome<readonly Head[] | undefined>> {
  const chain = await readChain(logFolder);
  return chain.ok ? succeed(chain.value?.heads) : chain;
}

type Chain = {
  readonly heads: readonly Head[];
  /** Of the last line. */
  readonly hash: string;
  readonly wholeBytes: number;
};

async function readChain(logFolder: string): Promise<Outcome<Chain | undefined>> {
  let text: string;
  try {
    text = await readFile(join(logFolder, fileName), 'latin1');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return succeed(undefined);
    return fail(describeFileFailure({ doing: `read ${join(logFolder, fileName)}`, error }));
  }
  const heads: Head[] = [];
  let before = genesisHash;
  const lines = text.split('\n');
  const tail = lines.pop() ?? '';
  if (outgrowsLine(tail)) return fail(damaged(lines.length + 1, 'its end was changed'));
  for (const [index, line] of lines.entries()) {
    const opened = openLine(line);
    if (typeof opened === 'string' || !/^[ -~]*$/.test(line))
      return fail(damaged(index + 1, 'its text does not match its hash'));
    const read = lineSchema.safeParse(parseJson(opened.body));
    if (!read.success) return fail(damaged(index + 1, 'it tells of no run'));
    const { prev, ...head } = read.data;
    if (prev !== before) return fail(damaged(index + 1, 'it does not follow the line before it'));
    heads.push(head);
    before = opened.hash;
  }
  return succeed({ heads, hash: before, wholeBytes: text.length - tail.length });
}

/** Does nothing where the last line of this run says the same already. */
export async function appendHead(logFolder: string, head: Head): Promise<Outcome<void>> {
  const lock = await takeLockSoon(join(logFolder, '.locks', 'chain-heads'));
  if (!lock.ok) return lock;
  try {
    const chain = await readChain(logFolder);
    if (!chain.ok) return chain;
    const { heads, hash: prev, wholeBytes } = chain.value ?? { heads: [], hash: genesisHash, wholeBytes: 0 };
    const known = heads.findLast(({ runId }) => runId === head.runId);
    if (known?.head === head.head) return succeed(undefined);
    const { runId, entries, at } = head;
    const body = JSON.stringify({ runId, entries, head: head.head, at, prev });
    const { line } = sealLine(body);
    const file = await open(join(logFolder, fileName), 'a', 0o600);
    try {
      await file.truncate(wholeBytes);
      // Half a line would make everything that comes after it look changed.
      await writeDurably(file, line).catch((error: unknown) =>
        file.truncate(wholeBytes).then(() => Promise.reject(error)),
      );
    } finally {
      await file.close();
    }
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing: `write ${join(logFolder, fileName)}`, error }));
  } finally {
    await lock.value.release();
  }
}

async function writeDurably(file: FileHandle, line: string): Promise<void> {
  await file.writeFile(line);
  await file.datasync();
}

function damaged(lineNumber: number, why: string): Failure {
  return {
    code: 'journal-damaged',
    message: `${fileName} of the log folder is damaged or was changed: line ${lineNumber} cannot be vouched for, ${why}.`,
    remedy:
      'Keep the folder as it is for the inquiry, and compare the chain heads with a copy kept elsewhere.',
    retry: 'never',
  };
}
