import type { Sheet } from './sheet.ts';
import type { WantedInput } from './survey.ts';

/** What one part of a system adds to the runbook; each writes its own sections, in the order of the file. */
export type Part = {
  readonly inputs: readonly WantedInput[];
  /** What a person has to hold before the first step. */
  readonly bring: readonly string[];
  /** Sections before the steps. */
  writeSections(sheet: Sheet): void;
};

export type DraftStep = {
  readonly step: Readonly<Record<string, unknown>> & { readonly kind: string };
  readonly notes?: readonly string[];
  readonly toDo?: readonly string[];
};
