import type { Duplex } from 'node:stream';
import type { Outcome } from '../base/failure.ts';
import type { ProcessRequest, ProcessResult } from './process-runner.ts';

/**
 * How a database is reached that has no port on this host: the fields of the runbook, filled. Only the kind reads more of it
 * (`services/<kind>/kind.ts`). Left out everywhere: straight from here.
 */
export type DatabaseRouteConfig = { readonly kind: string; readonly [field: string]: unknown };

export type RoutedProgram = Omit<ProcessRequest, 'cwd' | 'input'> & {
  /**
   * A file of this host that the program gets as its last argument, under a name that is valid where it runs; it can seek in
   * it, and nothing of it stays there when the program ends, however it ends. May be a folder of plain files.
   */
  readonly file?: string;
  /** Of a folder only these files are needed, where sending it costs something. */
  readonly only?: readonly string[];
};

/** The way to a server and to the programs beside it. Environment and input never travel in arguments. */
export type DatabaseRoute = {
  /** For people: service db of compose file docker-compose.yml. */
  readonly address: string;
  run(request: RoutedProgram): Promise<Outcome<ProcessResult>>;
  /** Of the file system that a folder lies in, there. */
  freeBytes(folder: string): Promise<Outcome<number>>;
  /** The command line, for people. */
  describe(program: string, args: readonly string[]): string;
  /**
   * A connection to host and port as they are called there. It looks connected at once; what goes wrong comes as an error
   * that carries the failure (`failureOfBodyError`).
   */
  dial(to: { readonly host: string; readonly port: number }): Duplex;
};
