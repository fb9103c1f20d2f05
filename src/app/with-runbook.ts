import type { Outcome } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import type { World } from '../ports/world.ts';
import { createWorld } from '../registry/wire.ts';
import type { Runbook } from '../runbook/schema.ts';
import { type CommandContext, printJson, printLine } from './command-context.ts';
import { loadRunbook, type ReadyRunbook, readyRunbook, standInKit } from './load-runbook.ts';
import type { Options } from './options.ts';

export type AtWork = {
  readonly ready: ReadyRunbook;
  readonly world: World;
  readonly signal: AbortSignal;
  /** A line for people, or an object of a line of JSON; secrets are masked in both. */
  say(text: string): void;
  tell(value: Readonly<Record<string, unknown>>): void;
};

/** What the commands around backups have in common: a runbook, a world, lines or JSON, and an orderly end on Ctrl+C. */
export async function withRunbook(
  request: {
    readonly command: string;
    /** As it was named on the command line. */
    readonly runbook: string;
    readonly options: Options<'json' | 'envFiles'>;
    readonly mode?: Mode;
    readonly needs: (runbook: Runbook) => unknown;
    readonly wants?: (runbook: Runbook) => unknown;
    readonly work: (at: AtWork) => Promise<Outcome<number>>;
  },
  context: Pick<CommandContext, 'environment' | 'folder' | 'stdout'>,
): Promise<Outcome<number>> {
  const { command, options, mode = 'live', work } = request;
  const loaded = await loadRunbook(request.runbook, context);
  if (!loaded.ok) return loaded;
  standInKit(loaded.value);
  const { environment } = context;
  const ready = await readyRunbook(loaded.value, {
    mode,
    environment,
    envFiles: options.envFiles,
    needs: request.needs,
    ...(request.wants === undefined ? {} : { wants: request.wants }),
  });
  if (!ready.ok) return ready;
  const { redact } = ready.value;
  const world = createWorld(environment);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, onSignal);
  if (options.json) printJson(context, JSON.stringify({ type: 'thaw', version: 1, command }));
  try {
    return await work({
      ready: ready.value,
      world,
      signal: stop.signal,
      say: (text) => {
        if (!options.json) printLine(context, redact(text));
      },
      tell: (value) => {
        if (options.json) printJson(context, redact(JSON.stringify(value)));
      },
    });
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
    await world.close();
  }
}
