import type { Command } from './arguments.ts';
import { chooseAttendance } from './choose-attendance.ts';
import type { CommandName } from './command-table.ts';
import { screenOptions, screenStreams } from './screen-options.ts';
import type { Surroundings } from './surroundings.ts';

const modes: Partial<Readonly<Record<CommandName, 'live' | 'drill' | 'tabletop'>>> = {
  restore: 'live',
  drill: 'drill',
  tabletop: 'tabletop',
};

/** The commands that open a run on the screen show a first picture before they load what the run needs. */
export async function drawCurtain(command: Command, surroundings: Surroundings): Promise<Surroundings> {
  const { name, operands, options } = command;
  const mode = modes[name];
  const opensRun = mode !== undefined || name === 'resume';
  if (!opensRun || options.inline || chooseAttendance(options, surroundings) !== 'screen')
    return surroundings;
  const { openCurtain } = await import('../ui/open-curtain.tsx');
  const curtain = openCurtain(
    {
      mode,
      title: operands[0] ?? 'the newest unfinished run',
      words: mode === undefined ? 'Looking at the run …' : 'Reading the runbook …',
    },
    { streams: screenStreams(surroundings), options: screenOptions(options, surroundings) },
  );
  return { ...surroundings, curtain };
}
