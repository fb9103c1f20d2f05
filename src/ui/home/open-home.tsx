import type { Home, HomeChoice } from '../../session/home-view.ts';
import type { Terminal } from '../lend-terminal.ts';
import { mountApp, type ScreenOptions } from '../mount-app.tsx';
import { HomeScreen } from './home-screen.tsx';

/** Shows the first page until something is chosen. Leaving it, or losing the terminal, chooses nothing. */
export async function openHome(request: {
  readonly home: Home;
  readonly streams: Terminal;
  readonly options: ScreenOptions;
}): Promise<HomeChoice | undefined> {
  let chosen: HomeChoice | undefined;
  const { lost } = await mountApp({
    streams: request.streams,
    options: request.options,
    render: (done) => (
      <HomeScreen
        home={request.home}
        inline={request.options.inline}
        onChoice={(choice) => {
          chosen = choice;
          done();
        }}
        onLeave={done}
        toLineStart={() => request.streams.stdout.write('\r')}
      />
    ),
  });
  return lost ? undefined : chosen;
}
