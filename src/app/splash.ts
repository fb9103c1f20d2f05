import type { Mode } from '../base/mode.ts';
import type { CommandContext } from './command-context.ts';
import { chooseAttendance, screenOptions, screenStreams, type TerminalOptions } from './terminal.ts';

/**
 * A command that opens a run on the screen shows a first picture before it loads what the run needs. Whoever shows or asks something
 * lifts it before; here it is lifted at the latest, since a failure is printed on a terminal that is ours no more.
 */
export async function withSplash<Context extends Omit<CommandContext, 'splash'>, T>(
  request: {
    /** Left out where only the run itself tells. */
    readonly mode?: Mode;
    readonly title: string;
    readonly words: string;
    readonly options: TerminalOptions;
    readonly context: Context;
  },
  work: (context: Context & Pick<CommandContext, 'splash'>) => Promise<T>,
): Promise<T> {
  const { mode, title, words, options, context } = request;
  if (options.inline || chooseAttendance(options, context) !== 'screen') return work(context);
  const { openSplash } = await import('../ui/open-splash.tsx');
  const splash = openSplash(
    { mode, title, words },
    { streams: screenStreams(context), options: screenOptions(options, context) },
  );
  try {
    return await work({ ...context, splash });
  } finally {
    await splash.lift();
  }
}
