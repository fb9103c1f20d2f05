import { render } from 'ink';
import type { ReactElement } from 'react';
import type { Terminal } from './lend-terminal.ts';
import { ThemeContext } from './rows.tsx';
import { createTheme } from './theme.ts';

export type ScreenOptions = {
  /** On the primary screen instead of the alternate one: what was shown stays in the scrollback. */
  readonly inline: boolean;
  readonly color: boolean;
  readonly ascii: boolean;
};

/**
 * Output comes in at most every 100 ms, so this rate costs nothing while a step prints; it is what keeps a key from
 * waiting for the frame before.
 */
const framesPerSecond = 30;

/**
 * Shows one page on this terminal until it says that it is done or the terminal is gone. The only place that renders,
 * and the only exit.
 *
 * FORCE_COLOR=0 has to stand in the environment before this file is imported where no colour is wanted: Ink's colour
 * library decides while it is loaded, and does not know NO_COLOR.
 */
export async function mountApp(request: {
  readonly render: (done: () => void) => ReactElement;
  readonly streams: Terminal;
  readonly options: ScreenOptions;
  /** Closes the page without a key. */
  readonly until?: Promise<unknown>;
}): Promise<{ readonly lost: boolean }> {
  const { streams, options } = request;
  const gone = watchTerminal(streams);
  const done = Promise.withResolvers<void>();
  // Ink reads keys only after its first frame: a key pressed before would be echoed into the frame.
  streams.stdin.setRawMode(true);
  const app = render(
    <ThemeContext value={createTheme(options)}>{request.render(() => done.resolve())}</ThemeContext>,
    {
      stdin: streams.stdin,
      stdout: streams.stdout,
      exitOnCtrlC: false,
      // Ink would take CI=true in the environment of a server for a machine without an operator.
      interactive: true,
      alternateScreen: !options.inline,
      incrementalRendering: true,
      isScreenReaderEnabled: false,
      patchConsole: options.inline,
      maxFps: framesPerSecond,
    },
  );
  const lost = await Promise.race([
    done.promise.then(() => false),
    ...(request.until === undefined ? [] : [request.until.then(() => false)]),
    gone.promise.then(() => true),
    app.waitUntilExit().then(() => true),
  ]);
  app.unmount();
  // A terminal that is gone never confirms that the last frame was written.
  if (!lost) await app.waitUntilExit();
  streams.stdin.setRawMode(false);
  // A lost terminal may be followed by a late SIGHUP, which must not end the run either.
  if (!lost) gone.stop();
  return { lost };
}

/**
 * The terminal can vanish at any moment: a dropped connection, a closed window. That must not take the run with it.
 * One listener for the errors of each stream stays for good, since a late write may still fail.
 */
function watchTerminal(streams: Terminal): { readonly promise: Promise<void>; readonly stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onGone = () => resolve();
  const all = [streams.stdout, streams.stdin];
  for (const stream of all) {
    if (stream.listeners('error').length === 0) stream.on('error', () => undefined);
    stream.on('error', onGone);
  }
  streams.stdin.once('end', onGone);
  process.on('SIGHUP', onGone);
  return {
    promise,
    stop() {
      for (const stream of all) stream.off('error', onGone);
      streams.stdin.off('end', onGone);
      process.off('SIGHUP', onGone);
    },
  };
}
