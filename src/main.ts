import { Socket } from 'node:net';
import { apartVariable } from './app/command-context.ts';
import { runCommandLine, runErrand } from './cli/run-command-line.ts';

// A reader that goes away (| head, a pager that is left, a dropped connection) takes the lines with it, never the run.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const isErrand = process.env[apartVariable] === '1';
// What is started from here is no process of a run.
delete process.env[apartVariable];

/** Hands argv, environment and streams to `cli`, and sets the exit status. */
const context = {
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  folder: process.cwd(),
};
const argv = process.argv.slice(2);
process.exitCode = isErrand
  ? // The descriptor that app/begin-apart.ts gives to the process it begins.
    await runErrand({ argv, stream: new Socket({ fd: 3 }) }, context)
  : await runCommandLine(argv, context);
