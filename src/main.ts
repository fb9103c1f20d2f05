import { exitStatus } from './app/exit-status.ts';
import { runCommandLine } from './cli/run-command-line.ts';

// A reader that goes away (| head, a pager that is left, a dropped connection) takes the lines with it, never the run.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

/** Hands argv, environment and streams to `cli`, and sets the exit status. An exception here is a bug of ours. */
process.exitCode = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  folder: process.cwd(),
}).catch((bug: unknown) => {
  const stack = bug instanceof Error ? (bug.stack ?? bug.message) : String(bug);
  process.stderr.write(
    `This is a bug in thaw. The journal of the run is safe: go on with \`thaw resume\`.\n${stack}\n`,
  );
  return exitStatus.bug;
});
