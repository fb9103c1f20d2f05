import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { genesisHash } from '../../src/base/digest.ts';
import { readJournal } from '../../src/journal/read-journal.ts';
import { failureFrom, valueFrom } from '../contracts/object-store.contract.ts';
import { sampleEntries, sampleStart, writeJournal } from './sample-journal.ts';

const journal = writeJournal(sampleEntries);
const lineStarts = journal.lines.map((_, index) => Buffer.byteLength(journal.lines.slice(0, index).join('')));

/** The line, from 1, that holds the byte at this offset. */
const lineOf = (offset: number) => lineStarts.findLastIndex((start) => start <= offset) + 1;

describe('a whole journal', () => {
  it('is read back as it was written', () => {
    const reading = valueFrom(readJournal(journal.bytes));
    expect(reading.entries.map(({ seq, at, ...entry }) => entry)).toEqual(sampleEntries);
    expect(reading.entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(reading.head).toEqual(journal.head);
    expect(reading).toMatchObject({ wholeBytes: journal.bytes.length, tornBytes: 0 });
  });

  it('may be empty: nothing was ever written', () => {
    expect(valueFrom(readJournal(Buffer.alloc(0)))).toMatchObject({
      entries: [],
      head: { seq: 0, hash: genesisHash },
    });
  });
});

describe('a journal that was changed', () => {
  it('is refused for every single byte that is another one, naming the first line that diverges', () => {
    for (let offset = 0; offset < journal.bytes.length; offset += 1) {
      for (const flip of [0x01, 0x80, (journal.bytes[offset] ?? 0) ^ 0x0a || 0x02]) {
        const changed = Buffer.from(journal.bytes);
        changed[offset] = (changed[offset] ?? 0) ^ flip;
        const failure = failureFrom(readJournal(changed));
        expect(failure.code).toBe('journal-damaged');
        const named = Number(/line (\d+)/.exec(failure.message)?.[1]);
        expect([lineOf(offset), lineOf(offset) + 1]).toContain(named);
      }
    }
  });

  it('is refused for every byte that is added or taken out', () => {
    for (let offset = 0; offset < journal.bytes.length; offset += 1) {
      const [before, from, after] = [0, offset, offset + 1].map((start, part) =>
        journal.bytes.subarray(start, part === 0 ? offset : undefined),
      ) as [Buffer, Buffer, Buffer];
      for (const changed of [
        Buffer.concat([before, Buffer.from(' '), from]),
        Buffer.concat([before, after]),
      ]) {
        const reading = readJournal(changed);
        // Without its last byte, the newline, the last line is one that a crash tore: it is told as such.
        if (reading.ok)
          expect([offset, reading.value.tornBytes > 0]).toEqual([journal.bytes.length - 1, true]);
      }
    }
  });

  it('is refused when two lines change places, one is missing in the middle, or one stands twice', () => {
    const [one = '', two = '', three = '', ...rest] = journal.lines;
    for (const lines of [
      [one, three, two, ...rest],
      [one, three, ...rest],
      [one, two, two, three, ...rest],
      [two, three, ...rest],
    ]) {
      expect(failureFrom(readJournal(Buffer.from(lines.join('')))).code).toBe('journal-damaged');
    }
  });

  it('is refused when it does not begin with the start of a run', () => {
    const { bytes } = writeJournal([{ kind: 'note-added', text: 'first' }]);
    expect(failureFrom(readJournal(bytes)).message).toContain('it does not begin with the start of a run');
  });

  it('is refused, not thrown at, when a forger made the hash fit', () => {
    const forge = (body: string) => {
      const hash = createHash('sha256').update(`${body}}`).digest('hex');
      return readJournal(Buffer.from(`${body},"hash":"${hash}"}\n`));
    };
    for (const body of [
      '{not json',
      '{"seq":"1","at":1,"prev":2',
      `{"seq":1,"at":"yesterday","prev":"${genesisHash}"`,
    ]) {
      expect(failureFrom(forge(body)).message).toContain('it is not a journal line');
    }
  });

  it('that is told apart by its head alone is another one: an older copy, or one without its last lines', () => {
    const cut = valueFrom(readJournal(Buffer.from(journal.lines.slice(0, -1).join(''))));
    expect(cut.head).not.toEqual(journal.head);
    const replayed = valueFrom(readJournal(writeJournal(sampleEntries.slice(0, 3)).bytes));
    expect(replayed.head.seq).toBeLessThan(journal.head.seq);
  });
});

describe('a journal whose last line was torn', () => {
  it('keeps every whole line, at whatever length the machine stopped', () => {
    for (let length = 0; length < journal.bytes.length; length += 1) {
      const reading = valueFrom(readJournal(journal.bytes.subarray(0, length)));
      const whole = lineStarts.filter(
        (start, index) => start + Buffer.byteLength(journal.lines[index] ?? '') <= length,
      );
      expect(reading.entries).toHaveLength(whole.length);
      expect(reading.wholeBytes + reading.tornBytes).toBe(length);
    }
  });

  it('may end in the zeroes that a file system leaves after a power cut', () => {
    const reading = valueFrom(readJournal(Buffer.concat([journal.bytes, Buffer.alloc(512)])));
    expect(reading).toMatchObject({ wholeBytes: journal.bytes.length, tornBytes: 512 });
  });

  it('is refused when a whole line is followed by anything but its newline', () => {
    const failure = failureFrom(
      readJournal(Buffer.concat([journal.bytes.subarray(0, -1), Buffer.from('x')])),
    );
    expect(failure.message).toContain('its end was changed');
  });
});

describe('a journal of a newer version', () => {
  it('is refused with the advice to use that version, whatever else is in it', () => {
    const newer = { ...sampleStart, journalVersion: 2, steps: 'of another shape' } as never;
    const { bytes } = writeJournal([newer, { kind: 'entry-of-the-future' } as never]);
    const failure = failureFrom(readJournal(bytes));
    expect(failure.message).toBe('The journal has version 2; this thaw reads up to 1.');
    expect(failure.retry).toBe('after-fix');
  });

  it('is damage all the same when its chain is broken', () => {
    const { lines } = writeJournal([{ ...sampleStart, journalVersion: 2 }]);
    expect(failureFrom(readJournal(Buffer.from((lines[0] ?? '').replace('CRM', 'ERP')))).message).toContain(
      'line 1',
    );
  });
});
