import type { z } from 'zod';
import { type Failure, fail, type Outcome } from '../base/failure.ts';
import { type DeclaredFields, declareFields } from '../platform/declare-fields.ts';
import type {
  HandReach,
  ObjectBody,
  ObjectStoreConfig,
  ReadRequest,
  StoreDriver,
  StoreNames,
} from '../ports/object-store.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';

/** What a store is opened with. */
export type StoreTools = { readonly processes: ProcessRunner };

/** A body as its store gives it: what `withLimits` promises of it is still to come. */
export type RawBody = ObjectBody & {
  /** What an error of the body means that carries no failure yet. */
  readonly explain?: (error: unknown) => Failure;
};

/** A store before what all stores share stands around it (`open-store.ts`). */
export type RawStore = Omit<StoreDriver, 'read'> & {
  read(request: ReadRequest): Promise<Outcome<RawBody>>;
};

/**
 * One kind of store: what a runbook says of it, how it is called, how it is opened. The lists in `stores/list.ts` name each once;
 * the runbook's schema, the wiring, the table-top and the reference are read from there.
 */
export type StoreKind = DeclaredFields & {
  /** Pure: asks nobody. Fields may still hold placeholders, where a tabletop has no values for them. */
  names(config: ObjectStoreConfig): StoreNames;
  /**
   * Pure: how `rclone` reaches it, for whoever has no thaw. Values may be placeholders still: `${NAME}` is one to a shell, too.
   * @param remote the name that the settings are for.
   */
  byHand(config: ObjectStoreConfig, remote: string): HandReach;
  /** The same text for what is one store with one credential; holds the credential. */
  key(config: ObjectStoreConfig): string;
  /** Contacts nobody before the first request. */
  open(config: ObjectStoreConfig, tools: StoreTools): RawStore;
  /** What it speaks with tries requests again, and knows better when; left out, `withRetries` does. */
  readonly triesAgainItself: boolean;
};

type Filled<Shape extends z.ZodRawShape> = z.output<
  z.ZodObject<{ kind: z.ZodLiteral<string> } & Shape, z.core.$strict>
>;

/** @param declared.names and `open` get the fields filled and read by the schema, credentials out of their boxes. */
export function defineStore<Shape extends z.ZodRawShape>(
  declared: Parameters<typeof declareFields<Shape>>[0] & {
    names(fields: Filled<Shape>): StoreNames;
    byHand(fields: Filled<Shape>, remote: string): HandReach;
    open(fields: Filled<Shape>, tools: StoreTools): RawStore;
    readonly triesAgainItself?: true;
  },
): StoreKind {
  const { read, ...fields } = declareFields(declared);
  const unnamed = { address: `a store of kind ${declared.kind}`, name: '' };
  return {
    ...fields,
    triesAgainItself: declared.triesAgainItself ?? false,
    names(config) {
      const filled = read(config);
      return filled.ok ? declared.names(filled.value) : unnamed;
    },
    byHand(config, remote) {
      const filled = read(config);
      return filled.ok ? declared.byHand(filled.value, remote) : { settings: {}, root: `${remote}:` };
    },
    key: (config) => JSON.stringify(read(config)),
    open(config, tools) {
      const filled = read(config);
      return filled.ok ? declared.open(filled.value, tools) : refuseAll(filled.failure);
    },
  };
}

function refuseAll(failure: Failure): RawStore {
  const refuse = async () => fail(failure);
  return {
    address: '',
    access: refuse,
    async *list() {
      yield fail(failure);
    },
    describe: refuse,
    attributes: refuse,
    read: refuse,
    write: refuse,
    writeStream: refuse,
    remove: refuse,
    removeFolder: refuse,
    rights: refuse,
    signedUrl: refuse,
    close: () => {},
  };
}
