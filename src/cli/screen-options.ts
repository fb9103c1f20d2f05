import type { Options } from './arguments.ts';
import type { Surroundings } from './surroundings.ts';

/** How a picture is drawn on this terminal. */
export function screenOptions(options: Options, { environment }: Surroundings) {
  return {
    inline: options.inline,
    color: !options.noColor && !environment.NO_COLOR,
    ascii: !/utf-?8/i.test(environment.LC_ALL || environment.LC_CTYPE || environment.LANG || ''),
  };
}

/** The two ends of the terminal, where both are one. */
export function screenStreams({ stdin, stdout }: Surroundings) {
  return { stdin, stdout } as never;
}
