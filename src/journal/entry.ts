import { z } from 'zod';
import { failureCodes } from '../base/failure.ts';
import { modes } from '../base/mode.ts';
import { proofs } from '../base/proof.ts';
import { verdicts } from '../base/verdict.ts';
import { exerciseSchema, historySchema, marksSchema, peopleSchema } from './exercise.ts';
import { signingRoles } from './signing-roles.ts';

/** The closed union of facts about one run. Past tense: an entry says what was, never what shall be. */

export const journalVersion = 1;

const checkSchema = z.object({
  verdict: z.enum(verdicts),
  text: z.string(),
  remedy: z.string().exactOptional(),
  against: z.enum(proofs).exactOptional(),
  expected: z.string().exactOptional(),
  actual: z.string().exactOptional(),
  command: z.string().exactOptional(),
});

const failureSchema = z.object({
  code: z.enum(failureCodes),
  message: z.string(),
  remedy: z.string(),
  retry: z.enum(['safe', 'after-fix', 'never']),
  detail: z.string().exactOptional(),
});

/**
 * What of the record a step fills beside its own row. data: data is back when it has ended. services: they are up. proof: it only looks.
 * attestation: a person said it, and no program saw.
 */
const evidence = ['data', 'services', 'proof', 'attestation'] as const;
export type Evidence = (typeof evidence)[number];

const stepPlan = z.object({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  /** What the runbook allows it of the RTO, and whose work it is. */
  budgetMs: z.number().exactOptional(),
  role: z.string().exactOptional(),
  fills: z.array(z.enum(evidence)).exactOptional(),
});

/** By name: database, production, backups, objects. `what` is for people, `id` is compared. */
const boundPlaces = z.record(z.string(), z.object({ what: z.string(), id: z.string() }));
export type BoundPlaces = z.infer<typeof boundPlaces>;

/** How the process counts its times (`base/host-clock.ts`). */
const clock = z.object({ bootId: z.string(), offsetMs: z.number() }).exactOptional();

const outputs = z.array(z.object({ name: z.string(), sha256: z.string() }));

const byStep = { stepId: z.string(), attempt: z.int() };

export const entrySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('run-started'),
    journalVersion: z.int(),
    thawVersion: z.string(),
    runId: z.string(),
    mode: z.enum(modes),
    runbook: z.object({ name: z.string(), title: z.string(), path: z.string(), fingerprint: z.string() }),
    host: z.object({ name: z.string(), user: z.string(), sshFrom: z.string().exactOptional() }),
    targets: z.record(z.string(), z.string()),
    objectives: z.object({ rtoMs: z.number(), rpoMs: z.number() }),
    /** The least that has to be proven of the restored dump; left out where the walk restores none. */
    proof: z.enum(proofs).exactOptional(),
    /** When production was lost, as the operator says; the start of the run when nobody said. */
    lostAtMs: z.number(),
    steps: z.array(stepPlan),
    /** Where big files of this run go; a resumed run finds there what was fetched already. */
    workPath: z.string(),
    /** Given with --env-file, in full: whoever comes back to the run need not give them again. */
    envFiles: z.array(z.string()).exactOptional(),
    /** Of a drill that names no server: where it makes a cluster of its own. */
    clusterFolder: z.string().exactOptional(),
    /** Random: two runs of one name, begun in one minute on two hosts, must not take each other's databases for their own. */
    mark: z.string(),
    people: peopleSchema.exactOptional(),
    exercise: exerciseSchema.exactOptional(),
    marks: marksSchema.exactOptional(),
    history: historySchema.exactOptional(),
    /** Where heads of the journal are put outside this host, in words. */
    anchor: z.string().exactOptional(),
    clock,
  }),
  z.object({
    kind: z.literal('run-resumed'),
    host: z.string(),
    user: z.string(),
    sshFrom: z.string().exactOptional(),
    pid: z.int(),
    tornBytes: z.int(),
    clock,
  }),
  /**
   * The clock of the host was set, by somebody or by a time server. The times of a run count on as they began. Not measured: between two
   * processes of the run the machine was started anew, and its clock is before what was written last.
   */
  z.object({
    kind: z.literal('clock-changed'),
    /** How far the clock of the host is ahead of the times of this run now; negative where it is behind. */
    deviationMs: z.number(),
    measured: z.boolean(),
  }),
  /** What the run works on, by identity, as it first saw it: it goes on nowhere else. A place that answers later is added then. */
  z.object({ kind: z.literal('places-bound'), places: boundPlaces }),
  z.object({
    kind: z.literal('preflight-finished'),
    checks: z.array(checkSchema.extend({ stepId: z.string() })),
  }),
  z.object({
    kind: z.literal('step-started'),
    ...byStep,
    sentences: z.array(z.string()),
    commands: z.array(z.string()),
  }),
  z.object({
    kind: z.literal('fact-recorded'),
    stepId: z.string(),
    name: z.string(),
    /** Of the shape that the value has; 1 when left out. */
    version: z.int().exactOptional(),
    value: z.json(),
  }),
  z.object({ kind: z.literal('command-run'), stepId: z.string(), command: z.string() }),
  /** A program that a step had run on this host. Without an exit code it never came to one, and `because` says why. */
  z.object({
    kind: z.literal('program-ended'),
    stepId: z.string(),
    command: z.string(),
    exitCode: z.int().exactOptional(),
    because: z.enum(failureCodes).exactOptional(),
    durationMs: z.number(),
  }),
  z.object({
    kind: z.literal('question-asked'),
    stepId: z.string().exactOptional(),
    questionId: z.string(),
    title: z.string(),
  }),
  z.object({
    kind: z.literal('question-answered'),
    stepId: z.string().exactOptional(),
    questionId: z.string(),
    value: z.string(),
    note: z.string().exactOptional(),
    by: z.enum(['operator', 'option', 'rehearsal']),
    /** The question was for an exact name, and this is it. */
    named: z.literal(true).exactOptional(),
  }),
  z.object({
    kind: z.literal('step-finished'),
    ...byStep,
    verdict: z.enum(verdicts),
    checks: z.array(checkSchema),
  }),
  z.object({
    kind: z.literal('step-failed'),
    ...byStep,
    failure: failureSchema,
    checks: z.array(checkSchema),
  }),
  z.object({
    kind: z.literal('step-skipped'),
    stepId: z.string(),
    reason: z.string(),
    /** mode: this mode never runs it. operator: a person decided to go on without it. */
    because: z.enum(['mode', 'operator']),
  }),
  /** What a finished step had proved, looked at again: a check that fails makes it a failed one. */
  z.object({ kind: z.literal('looked-again'), ...byStep, checks: z.array(checkSchema) }),
  z.object({ kind: z.literal('steps-reopened'), fromStepId: z.string() }),
  z.object({ kind: z.literal('note-added'), text: z.string() }),
  z.object({
    kind: z.literal('run-stopped'),
    reason: z.string(),
    /** As they were then: a run that goes on adds to them. */
    outputs: outputs.exactOptional(),
  }),
  /** What a drill found of the kit beside the backups. */
  z.object({ kind: z.literal('kit-proven'), checks: z.array(checkSchema) }),
  z.object({
    kind: z.literal('cleaned-up'),
    checks: z.array(checkSchema),
    /** Where it came after the end of the run, by `discard`. */
    outputs: outputs.exactOptional(),
  }),
  z.object({
    kind: z.literal('run-finished'),
    verdict: z.enum(verdicts),
    /** Output files with their digests, so that the chain vouches for them too. */
    outputs,
  }),
  /** Somebody ends the way back: what was kept for a roll-back is about to be dropped. */
  z.object({ kind: z.literal('way-back-ending'), names: z.array(z.string()) }),
  z.object({ kind: z.literal('way-back-ended'), checks: z.array(checkSchema) }),
  z.object({ kind: z.literal('rolled-back'), checks: z.array(checkSchema) }),
  /** Nobody goes on with this run: what it had made and not put in place was taken away. */
  z.object({ kind: z.literal('run-discarded'), checks: z.array(checkSchema), outputs }),
  /** Somebody signed the journal up to an entry; the signature itself is a file of its own. */
  z.object({
    kind: z.literal('signed-off'),
    role: z.enum(signingRoles),
    signer: z.string(),
    entries: z.int(),
    head: z.string(),
    keyFingerprint: z.string(),
    signature: z.object({ name: z.string(), sha256: z.string() }),
  }),
]);

export type Entry = z.infer<typeof entrySchema>;
export type EntryOf<K extends Entry['kind']> = Extract<Entry, { kind: K }>;

/** An entry as it stands in the journal. */
export type JournalEntry = Entry & { readonly seq: number; readonly at: string };
