import type { Command } from './arguments.ts';
import type { CommandContext } from './command-context.ts';
import type { CommandName } from './command-table.ts';
import { chooseAttendance, screenOptions, screenStreams } from './terminal.ts';

const modes: Partial<Readonly<Record<CommandName, 'live' | 'drill' | 'tabletop'>>> = {
  restore: 'live',
  drill: 'drill',
  tabletop: 'tabletop',
};

/** The commands that open a run on the screen show a first picture before they load what the run needs. */
export async function showSplash(command: Command, context: CommandContext): Promise<CommandContext> {
  const { name, operands, options } = command;
  const mode = modes[name];
  const opensRun = mode !== undefined || name === 'resume';
  if (!opensRun || options.inline || chooseAttendance(options, context) !== 'screen') return context;
  const { openSplash } = await import('../ui/open-splash.tsx');
  const splash = openSplash(
    {
      mode,
      title: operands[0] ?? 'the newest unfinished run',
      words: mode === undefined ? 'Looking at the run …' : 'Reading the runbook …',
    },
    { streams: screenStreams(context), options: screenOptions(options, context) },
  );
  return { ...context, splash };
}
