import type { Options } from './arguments.ts';
import type { CommandContext } from './command-context.ts';

/** How a run is attended: on the screen, by lines with a person answering, or by lines with nobody there. */
export type Attendance = 'screen' | 'lines-with-person' | 'unattended';

export function chooseAttendance(
  options: Options,
  { stdin, stdout, environment }: CommandContext,
): Attendance {
  const person = stdin.isTTY === true;
  if (options.json) return 'unattended';
  const lines = options.plain || environment.TERM === 'dumb' || Boolean(environment.INK_SCREEN_READER);
  if (person && stdout.isTTY === true && !lines) return 'screen';
  return person ? 'lines-with-person' : 'unattended';
}
