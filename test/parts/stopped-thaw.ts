import { Readable, Writable } from 'node:stream';
import { runCommandLine } from '../../src/cli/run-command-line.ts';

/**
 * The command line in this process, stopped as by SIGTERM in the very moment in which it has printed this: a signal from outside
 * would come before or after it, as it happens. The other listeners of the test's own process hear nothing.
 */
export async function runThawUntil(
  printed: string,
  request: {
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly cwd: string;
  },
): Promise<{ readonly status: number; readonly text: string }> {
  const others = new Set(process.listeners('SIGTERM'));
  let text = '';
  const stdout = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      if (text.includes(printed))
        for (const listener of process.listeners('SIGTERM')) if (!others.has(listener)) listener('SIGTERM');
      done();
    },
  });
  const streams = { stdin: Readable.from([]), stdout, stderr: stdout };
  const environment = { PATH: process.env.PATH, ...request.env };
  const status = await runCommandLine(request.args, { ...streams, environment, folder: request.cwd });
  return { status, text };
}
