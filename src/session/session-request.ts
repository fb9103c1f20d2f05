import type { Outcome } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import type { Redact } from '../base/secret.ts';
import type { Check } from '../base/verdict.ts';
import type { EntryOf } from '../journal/entry.ts';
import type { JournalReading } from '../journal/read-journal.ts';
import type { StepHandlers } from '../kinds/handlers.ts';
import type { AnyStepContext, Step } from '../kinds/kind.ts';
import type { Targets } from '../kinds/targets.ts';
import type { RunFolder } from '../ports/run-folder.ts';
import type { World } from '../ports/world.ts';

/** Everything a session stands on; `cli` puts it together. */
export type SessionRequest = {
  readonly mode: Mode;
  readonly title: string;
  readonly bring: readonly string[];
  readonly advice: readonly string[];
  /** Where the values of this run come from, for the list of what is known before the walk. */
  readonly origins?: readonly Check[];
  /** In a drill of a runbook with a kit. */
  readonly proveKit?: () => Promise<readonly Check[]>;
  /** What becomes of a question while nobody looks. */
  readonly whenAlone: 'waits' | 'stops';
  /** With every placeholder filled. */
  readonly steps: readonly Step[];
  readonly handlers: StepHandlers;
  readonly targets: Targets;
  readonly world: World;
  readonly folder: RunFolder;
  readonly redact: Redact;
  /** From then on these are masked, too. */
  readonly mask: (values: readonly string[]) => void;
  readonly reading: JournalReading;
  /** The first entry of a new run; a resumed run has one already. */
  readonly start: EntryOf<'run-started'>;
  readonly wantedSnapshot: string | undefined;
  /** Shown beside a snapshot: which earlier run restored and verified it. */
  readonly provenSnapshots?: ReadonlyMap<string, string>;
  /** What is remembered on this host of the chains of signed backups. */
  readonly seenLinks?: NonNullable<AnyStepContext['seenLinks']>;
  /** Makes the record from the journal; called once, when the run ends or stops. undefined where none is kept. */
  readonly writeRecord: () => Promise<Outcome<WrittenRecord> | undefined>;
};

type WrittenRecord = {
  readonly path: string;
  readonly head: string;
  /** What could not be done to vouch for it elsewhere. */
  readonly warnings?: readonly string[];
};
