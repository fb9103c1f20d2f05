import { z } from 'zod';
import type { SeenLink } from '../backups/author.ts';
import type { Outcome } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import type { Lack } from '../base/programs.ts';
import type { Check } from '../base/verdict.ts';
import type { Evidence } from '../journal/entry.ts';
import { describeWithExample } from '../platform/declare-fields.ts';
import type { Guard } from '../ports/guard.ts';
import type { ObjectStoreConfig } from '../ports/object-store.ts';
import type { Answer, Question } from '../ports/operator.ts';
import type { Port, Through, World, WorldLooks, WorldNames } from '../ports/world.ts';
import type { Fact, KnownFact, Recordable } from './fact.ts';
import { type DatabaseField, duration, id, type ServicesField, text } from './fields.ts';
import type { Patience } from './patience.ts';
import type { Targets } from './targets.ts';

/**
 * A kind of step declares itself, once: what may be written in a runbook, what it needs and leaves, and what it does. The runbook's
 * schema, its lint, the reference and the choices of the engine are derived from it; nothing above knows a kind by its name.
 */

const common = {
  id: id.optional().describe('Defaults to the kind'),
  title: text.optional().describe('What the operator reads in the list; each kind has its own'),
  alongside: z.boolean().default(false).describe('Runs while the step before it runs'),
  budget: duration.optional().describe('How long it may take of the RTO'),
  patience: duration
    .default('2m')
    .describe('How long a store that does not answer is asked again before the step fails'),
  role: text.optional().describe('Whose work it is: Database Admin'),
};

/** Fields that every step has beside those of its kind. */
export const commonFields: Readonly<Record<string, z.ZodType>> = common;

/** Contexts with every port, for whoever hands them on to a kind. */
export type AnyStepContext = StepContext<Port>;
export type AnyPreviewContext = PreviewContext<Port>;
export type AnyCheckContext = CheckContext<Port> & { readonly world: WorldLooks };

/** A step of any kind, as the engine sees it. */
export type Step = z.infer<z.ZodObject<typeof common>> & { readonly kind: string };

/** Places of a runbook that may be left out, and that a kind cannot do without. */
export type Place =
  | 'backups'
  | 'backups.objects'
  | 'backups.cluster'
  | 'production.database'
  | 'production.objects'
  | 'production.services'
  | 'production.envFile'
  | 'drill.database'
  | 'drill.objects';

/** What lint knows of the runbook around a step. Texts may hold placeholders. */
export type Plan = {
  readonly steps: readonly Step[];
  readonly production: {
    readonly database: DatabaseField;
    readonly services?: ServicesField | undefined;
    readonly envFile?: string | undefined;
  };
  readonly backups: { readonly key: { readonly ageIdentityFile?: string | undefined } };
  declares(place: Place): boolean;
};

/** One of these facts has to be there before the step begins: an earlier step of the runbook gives it. */
export type Need = {
  readonly oneOf: readonly KnownFact[];
  /** Completes "X must come after Y: …". */
  readonly because?: string;
};

/** Files or objects in a backup store that are restored together with a dump of their time. */
export type ArtifactSource = {
  readonly kind: 'archive' | 'tree';
  readonly pattern: string; // Of keys, or a prefix.
  /** A store of its own; the backup store when left out. */
  readonly store?: unknown;
};

type Fields = z.core.$ZodLooseShape;
type SchemaOf<Name extends string, F extends Fields> = z.ZodObject<
  typeof common & { readonly kind: z.ZodLiteral<Name> } & F,
  z.core.$strict
>;

/** What is said of a kind without running it; pure, so that other kinds may read it. */
type Declaration<Name extends string, F extends Fields, S, P extends Port> = {
  readonly kind: Name;
  readonly title: string;
  /** What of the world its code is handed; it cannot reach anything else. */
  readonly uses: readonly P[];
  /** What it does, in a sentence or two: for the reference and the editor. */
  readonly about: string;
  /** One step as it stands in a runbook, in YAML. */
  readonly example: string;
  readonly fields: F;
  /**
   * After a crash inside this step. run-again: nothing it does hurts twice. look-first: `run` finds out what was done and
   * goes on from there. ask: only a person can say; the engine asks before it runs again.
   */
  readonly afterCrash: 'run-again' | 'look-first' | 'ask';
  /** Why it cannot be left out; undefined when a person may go on without it. */
  readonly essential?: string;
  /** What it leaves has one name in the journal: a second step of the kind would take the first one's for its own. */
  readonly once?: true;
  /** Facts that it alone, or it and its like, leave behind; what later steps need is among them. */
  readonly gives?: readonly KnownFact[];
  needs?(step: S, plan: Pick<Plan, 'declares'>): readonly Need[];
  /** What the runbook must declare for it; of `drill.` only where the runbook has a drill. */
  places?(step: S): readonly Place[];
  /** What a schema cannot say, one sentence a finding. */
  lint?(step: S, plan: Plan): readonly string[];
  /** After a later failure a person may go back to this step: the label of that choice. */
  readonly goBackTo?: string;
  /** While such a fact holds nobody goes back: it would be done over something half done. */
  readonly closesWayBack?: readonly { readonly while: KnownFact; readonly because: string }[];
  readonly fills?: readonly Evidence[];
  artifacts?(step: S): readonly ArtifactSource[];
  /** It restores a dump: what `proof:` asks for is asked of it. */
  readonly provesDump?: true;
  /** In a drill it makes the database server itself. */
  readonly makesServer?: true;
  /** What it starts on this host without fail, beside what its places start. */
  programs?(step: S, targets: Targets): readonly Lack[];
  /** Texts that will stand in the arguments of a program, where everybody on the host can read them (/proc). */
  inArguments?(step: S): readonly string[];
};

type DeclaredKind<Name extends string, F extends Fields, P extends Port> = Declaration<
  Name,
  F,
  z.infer<SchemaOf<Name, F>>,
  P
> & { readonly schema: SchemaOf<Name, F> };

export function declareKind<const Name extends string, F extends Fields, const P extends Port = never>(
  declaration: Declaration<Name, F, z.infer<SchemaOf<Name, F>>, P>,
): DeclaredKind<Name, F, P> {
  const kind = z.literal(declaration.kind);
  const { about, example, fields } = declaration;
  const schema = z.strictObject({ kind, ...common, ...fields }).meta(describeWithExample(about, example));
  return { ...declaration, schema: schema as unknown as SchemaOf<Name, F> };
}

/** What a step will do, before it does it: whole sentences, and the commands as they will run. */
type Preview = { readonly sentences: readonly string[]; readonly commands: readonly string[] };

export type Progress = {
  /** bytes, entries, objects. */
  readonly label: string;
  readonly done: number;
  readonly total?: number;
  readonly unit: 'bytes' | 'count';
};

/**
 * What a step may use. Everything it says is masked before it leaves the program.
 *
 * @typeParam P the ports of the world that it can reach: none where none is named.
 */
export type StepContext<P extends Port = never> = {
  readonly mode: Mode;
  /** Unique everywhere: the name of the run and its random mark. What a run makes carries it. */
  readonly runId: string;
  /** Of the step that is at work. */
  readonly stepId: string;
  readonly world: Through<P, World>;
  readonly targets: Targets;
  /** Gives leave for each act that destroys. */
  readonly guard: Guard;
  /** All of the walk. */
  readonly steps: readonly Step[];
  /** Steps of the walk whose kind leaves this fact. */
  giving(fact: KnownFact): readonly Step[];
  /** What later steps will prove of a database that is not in place yet: tried before there is no way back. */
  foresee(database: string): Promise<readonly Check[]>;
  /** Secrets that this step has opened: from then on they are masked in everything that leaves the program. */
  mask(values: readonly string[]): void;
  readonly signal: AbortSignal;
  /** For what may be tried again while a store does not answer. */
  readonly patience: Patience;
  /** A file of this run in the work folder. */
  workFile(name: string): string;
  /** What an earlier step, or an earlier attempt of this one, recorded; `readFact` gives it its shape. */
  fact(name: string): unknown;
  /** Durable before it returns. Throws only when the journal cannot be written: then nothing may go on. */
  record<T>(fact: Fact<T>, value: NoInfer<Recordable<T>> | null): Promise<void>;
  /** Durable before the command runs. */
  recordCommand(command: string): Promise<void>;
  output(line: string): void;
  progress(progress: Progress): void;
  ask(question: Question): Promise<Outcome<Answer>>;
  /** Snapshots that an earlier run on this host restored and verified, with the words for it: drill 04-26. */
  readonly provenSnapshots?: ReadonlyMap<string, string>;
  /** The last signed backup of each chain that was made or seen on this host: the store cannot tell that a newer one was taken away. */
  readonly seenLinks?: ReadonlyMap<string, SeenLink>;
  /** When production was lost, for the RPO. */
  readonly lostAtMs: number;
  readonly rpoMs: number;
};

/** What a step may say beforehand, and with what: nothing here can be asked or changed. */
export type PreviewContext<P extends Port = never> = Pick<
  StepContext,
  'mode' | 'runId' | 'targets' | 'steps' | 'fact' | 'workFile'
> & {
  readonly world: Through<P, WorldNames>;
};

export type StepEnd =
  | { readonly kind: 'done' }
  /** This mode never runs it; listed as such in the record. */
  | { readonly kind: 'not-executed'; readonly reason: string }
  /** The rest of it has to wait for the step it runs beside: `run` is called again when that one has ended. */
  | { readonly kind: 'waits'; readonly reason: string }
  /** What an earlier step had left is gone, and that step can bring it again: it is done anew, then this one. */
  | { readonly kind: 'lacks'; readonly fact: KnownFact; readonly reason: string };

/** What a step can do without after a failure that names single items. */
export type LeaveOut = {
  /** As a choice: go on without these 2 objects. */
  readonly label: string;
  /** Noted before the step runs again, which then ends without them. */
  accept(reason: string): Promise<void>;
};

export type StepOf<K extends { readonly schema: z.ZodType }> = z.infer<K['schema']>;

export function isStepOf<K extends { readonly kind: string; readonly schema: z.ZodType }>(
  kind: K,
  step: Step,
): step is Step & StepOf<K> {
  return step.kind === kind.kind;
}

/** What a kind does. A step is done when what it promised was checked, so `run` acts and `verify` looks. */
type Behaviour<S, P extends Port> = {
  /** Asked after a failure; undefined when all of the step is meant. */
  leaveOut?(step: S, context: StepContext<P>): LeaveOut | undefined;
  preview(step: S, context: PreviewContext<P>): Promise<Preview>;
  /** Preflight: reads only, changes nothing, answers within seconds. May record what it saw, to be compared later. */
  check(step: S, context: CheckContext<P>): Promise<readonly Check[]>;
  /** May be called again after a failure or a crash, and must look at what is there first. */
  run(step: S, context: StepContext<P>): Promise<Outcome<StepEnd>>;
  verify(step: S, context: StepContext<P>): Promise<Outcome<readonly Check[]>>;
  /**
   * For a promise that others can break while the run stands still: looked at again before an interrupted run goes on, for every
   * step of the kind that is finished. May ask, and may put it right. A failure keeps the run where it is.
   */
  stillHolds?(step: S, context: StepContext<P>): Promise<Outcome<void>>;
  /**
   * For what a finished step started and others can end: looked at before an interrupted run goes on, and before a run ends. Reads
   * only. A check that fails makes the step open again, so it is done anew.
   */
  lookAgain?(step: S, context: StepContext<P>): Promise<Outcome<readonly Check[]>>;
  /** What this step will prove, tried now on a database that is not in place yet. */
  foresee?(
    step: S,
    trial: { readonly database: string; readonly context: StepContext<P> },
  ): Promise<readonly Check[]>;
  /**
   * After the last step of a drill, and when an unfinished run is discarded: takes away what this step made. Of a live run that
   * is what was never put in place; nothing for a step that works in place.
   */
  cleanUp?(step: S, context: StepContext<P>): Promise<readonly Check[]>;
  /** The live store whose objects it overwrites, where a roll-back finds them. */
  liveStore?(step: S, targets: Targets): ObjectStoreConfig | undefined;
};

/**
 * A kind with all that it does. Its methods take the steps of its own kind; whoever holds a list of kinds asks through `handlerOf`,
 * which never hands a step to another kind.
 */
export type StepHandler<S extends Step = Step> = Declaration<string, Fields, S, Port> &
  Behaviour<S, Port> & { readonly schema: z.ZodObject };

export function implementKind<Name extends string, F extends Fields, P extends Port>(
  kind: DeclaredKind<Name, F, P>,
  behaviour: Behaviour<z.infer<SchemaOf<Name, F>>, P>,
): StepHandler<z.infer<SchemaOf<Name, F>> & Step> {
  return { ...kind, ...behaviour };
}

export type CheckContext<P extends Port = never> = Pick<
  StepContext,
  'mode' | 'targets' | 'steps' | 'giving' | 'mask' | 'fact' | 'record' | 'signal' | 'runId'
> & {
  readonly world: Through<P, WorldLooks>;
  /** --snapshot, where it was given. */
  readonly wantedSnapshot: string | undefined;
  workFile(name: string): string;
};

export function stepId(step: Pick<Step, 'id' | 'kind'>): string {
  return step.id ?? step.kind;
}
