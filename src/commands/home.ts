import { resolve } from 'node:path';
import type { Command, Options } from '../app/arguments.ts';
import type { CommandContext } from '../app/command-context.ts';
import { exitStatus } from '../app/exit-status.ts';
import { adviseOn, screenOptions, screenStreams } from '../app/terminal.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import type { HomeChoice } from '../session/home-view.ts';
import { openHome } from '../ui/home/open-home.tsx';
import { gatherHome } from './home/gather-home.ts';

/**
 * The first page. What is chosen runs as if it had been typed, and the program ends with it: its summary and its exit status
 * stay, and `thaw` comes back here. Only reading a past run returns to the page.
 */
export async function home(
  request: { readonly options: Options; readonly run: (command: Command) => Promise<Outcome<number>> },
  context: CommandContext,
): Promise<Outcome<number>> {
  const { options } = request;
  const logFolder = resolve(context.folder, options.logFolder);
  for (;;) {
    const gathering = gatherHome({ logFolder, options, advice: adviseOn(context.environment) }, context);
    const choice = await openHome({
      home: gathering,
      streams: screenStreams(context),
      options: screenOptions(options, context),
    });
    gathering.stop();
    if (choice === undefined) return succeed(exitStatus.verified);
    if (choice.kind !== 'read') return request.run(toCommand(choice, options));
    const { openRecord } = await import('../app/watch-run.ts');
    const read = await openRecord({ logFolder, runId: choice.runId, options }, context);
    if (!read.ok) return read;
  }
}

const commandOfMode = { live: 'restore', drill: 'drill', tabletop: 'tabletop' } as const;

function toCommand(choice: Exclude<HomeChoice, { kind: 'read' }>, options: Options): Command {
  switch (choice.kind) {
    case 'resume':
      return { name: 'resume', operands: [choice.runId], options };
    case 'start':
      return { name: commandOfMode[choice.mode], operands: [choice.runbook], options };
    case 'rehearse':
      return { name: 'rehearse', operands: [], options };
  }
}
