import type { Session } from '../session/view.ts';
import { openFile, openShell, type Terminal } from './lend-terminal.ts';
import { mountApp, type ScreenOptions } from './mount-app.tsx';
import { Screen } from './screen.tsx';

export type ScreenOutcome = { readonly outcome: 'left' | 'finished' };

/**
 * Shows the session on this terminal until the operator leaves or the terminal is gone. The run does not end with
 * it: what happens next is the caller's decision.
 */
export async function openScreen(request: {
  readonly session: Session;
  readonly streams: Terminal;
  readonly options: ScreenOptions;
  /** Closes the screen without a key. */
  readonly until?: Promise<unknown>;
}): Promise<ScreenOutcome> {
  const { session, streams, options } = request;
  const { lost } = await mountApp({
    streams,
    options,
    ...(request.until === undefined ? {} : { until: request.until }),
    render: (done) => (
      <Screen
        session={session}
        inline={options.inline}
        onLeave={done}
        openFile={(path) => openFile(path, streams)}
        openShell={() => openShell(session.view(), streams)}
        toLineStart={() => streams.stdout.write('\r')}
      />
    ),
  });
  const { phase } = session.view();
  const over = phase === 'finished' || phase === 'stopped';
  return { outcome: !lost && over ? 'finished' : 'left' };
}
