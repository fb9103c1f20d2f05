import { render } from 'ink';
import type { Session } from '../session/view.ts';
import { openFile, type Terminal } from './open-file.ts';
import { Screen } from './screen.tsx';
import { createTheme } from './theme.ts';
import { ThemeContext } from './theme-context.ts';

export type ScreenOptions = {
  /** On the primary screen instead of the alternate one: what was shown stays in the scrollback. */
  readonly inline: boolean;
  readonly color: boolean;
  readonly ascii: boolean;
};

export type ScreenOutcome = { readonly outcome: 'left' | 'finished' };

/**
 * Shows the session on this terminal until the operator leaves or the terminal is gone. The run does not end with
 * it: what happens next is the caller's decision. The only place that renders, and the only exit.
 *
 * FORCE_COLOR=0 has to stand in the environment before this file is imported where no colour is wanted: Ink's
 * colour library decides while it is loaded, and does not know NO_COLOR.
 */
export async function openScreen(request: {
  readonly session: Session;
  readonly streams: Terminal;
  readonly options: ScreenOptions;
}): Promise<ScreenOutcome> {
  const { session, streams, options } = request;
  const gone = watchTerminal(streams);
  const left = Promise.withResolvers<void>();
  const app = render(
    <ThemeContext value={createTheme(options)}>
      <Screen
        session={session}
        inline={options.inline}
        onLeave={() => left.resolve()}
        openFile={(path) => openFile(path, streams)}
        toLineStart={() => streams.stdout.write('\r')}
      />
    </ThemeContext>,
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
      maxFps: 12,
    },
  );
  const lost = await Promise.race([
    left.promise.then(() => false),
    gone.promise.then(() => true),
    app.waitUntilExit().then(() => true),
  ]);
  app.unmount();
  // A terminal that is gone never confirms that the last frame was written.
  if (!lost) await app.waitUntilExit();
  // A lost terminal may be followed by a late SIGHUP, which must not end the run either.
  if (!lost) gone.stop();
  const { phase } = session.view();
  const over = phase === 'finished' || phase === 'stopped';
  return { outcome: !lost && over ? 'finished' : 'left' };
}

/**
 * The terminal can vanish at any moment: a dropped connection, a closed window. That must not take the run with it.
 * The listeners for stream errors stay for good, since a late write may still fail.
 */
function watchTerminal(streams: Terminal): { readonly promise: Promise<void>; readonly stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onGone = () => resolve();
  streams.stdout.on('error', onGone);
  streams.stdin.on('error', onGone);
  streams.stdin.once('end', onGone);
  process.on('SIGHUP', onGone);
  return { promise, stop: () => process.off('SIGHUP', onGone) };
}
