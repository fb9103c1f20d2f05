import type { Outcome } from '../base/failure.ts';

/** The folder of one run: its journal, its output files, its record, and scratch space for big files. */
export type RunFolder = {
  /** The folder's name: 2026-04-28T1448Z-harbour-crm-live. */
  readonly id: string;
  readonly path: string;
  /** All bytes of journal.jsonl; empty for a new run. */
  readJournal(): Promise<Outcome<Buffer>>;
  /** Appends and fsyncs; returns once the line is durable. */
  appendJournal(line: string): Promise<Outcome<void>>;
  /** Moves a torn tail aside, so that the next line starts clean. `keepBytes` is the length of the whole lines. */
  cutJournal(keepBytes: number): Promise<Outcome<void>>;
  /** Appends a line to output/NAME.log; kept in order, written soon, not fsynced line by line. */
  appendOutput(name: string, line: string): void;
  flushOutputs(): Promise<Outcome<void>>;
  /** Output file names with their SHA-256. */
  outputDigests(): Promise<Outcome<readonly { readonly name: string; readonly sha256: string }[]>>;
  writeRecord(name: string, text: string): Promise<Outcome<string>>;
  /** A path for a big file of this run, in the work folder. */
  workFile(name: string): string;
  /** Removes the work folder: nothing decrypted stays behind. */
  clearWork(): Promise<Outcome<void>>;
};
