import { tellTrouble } from './app/command-context.ts';
import { exitStatus } from './app/exit-status.ts';
import { runCommandLine } from './cli/run-command-line.ts';

// A reader that goes away (| head, a pager that is left, a dropped connection) takes the lines with it, never the run.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

/** Hands argv, environment and streams to `cli`, and sets the exit status. An exception here is a bug of ours. */
const context = {
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  folder: process.cwd(),
};
process.exitCode = await runCommandLine(process.argv.slice(2), context).catch((bug: unknown) => {
  const detail = bug instanceof Error ? (bug.stack ?? bug.message) : String(bug);
  tellTrouble(context, {
    message: 'This is a bug in thaw.',
    remedy: 'The journal of the run is safe: go on with `thaw resume`.',
    detail,
  });
  return exitStatus.bug;
});
