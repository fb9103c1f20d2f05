import type { Failure, Outcome } from '../base/failure.ts';
import type { ProcessRequest, ProcessResult } from './process-runner.ts';

/** A program in a container, and its arguments; it gets the streams of the call and no terminal. */
export type ContainerCall = Pick<
  ProcessRequest,
  'args' | 'inputFrom' | 'outputTo' | 'onLine' | 'stallMs' | 'stillWorking' | 'signal'
>;

/**
 * One container, whatever runs it. Two things are not promised, since neither Docker nor Kubernetes holds them: that the
 * exit status is that of the program (where the connection is cut, old kubectl ends with 0), and that the program ends when
 * the call does; only the end of its standard input reaches it then.
 */
export type Container = {
  /** For people: service db of compose file docker-compose.yml. */
  readonly address: string;
  /** Any exit status is a success here. */
  exec(call: ContainerCall): Promise<Outcome<ProcessResult>>;
  /** The command line, for people. */
  describe(args: readonly string[]): string;
  /** Why a call ended before its program began. */
  explain(result: ProcessResult): Promise<Failure>;
  /** An imperative sentence: how to come to the server where nothing in the container leads there. */
  readonly otherWay: string;
};
