import type { Options } from './arguments.ts';
import type { CommandContext } from './command-context.ts';

/** How a picture is drawn on this terminal. */
export function screenOptions(options: Options, { environment }: CommandContext) {
  return {
    inline: options.inline,
    color: !options.noColor && !environment.NO_COLOR,
    ascii: !/utf-?8/i.test(environment.LC_ALL || environment.LC_CTYPE || environment.LANG || ''),
  };
}

/** The two ends of the terminal, where both are one. */
export function screenStreams({ stdin, stdout }: CommandContext) {
  return { stdin, stdout } as never;
}
