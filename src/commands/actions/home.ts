import { resolve } from 'node:path';
import { exitStatus } from '../../app/exit-status.ts';
import { type Options, restoreOptions } from '../../app/options.ts';
import { adviseOn, screenOptions, screenStreams } from '../../app/terminal.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import type { Mode } from '../../base/mode.ts';
import type { HomeChoice } from '../../session/home-view.ts';
import { openHome } from '../../ui/home/open-home.tsx';
import { defaultsOf, type ProgramContext } from '../command.ts';
import { drill } from '../drill.ts';
import { rehearse } from '../rehearse.ts';
import { restore } from '../restore.ts';
import { resume } from '../resume.ts';
import { tabletop } from '../tabletop.ts';
import { gatherHome } from './home/gather-home.ts';

type HomeOptions = Options<'inline' | 'noColor' | 'plain' | 'envFiles' | 'logFolder' | 'workFolder'>;

/**
 * The first page. What is chosen runs as if it had been typed, and the program ends with it: its summary and its exit status
 * stay, and `thaw` comes back here. Only reading a past run returns to the page.
 */
export async function openFirstPage(options: HomeOptions, context: ProgramContext): Promise<Outcome<number>> {
  const logFolder = resolve(context.folder, options.logFolder);
  for (;;) {
    const gathering = gatherHome(
      { logFolder, options, advice: adviseOn({ whenAlone: 'waits' }, context) },
      context,
    );
    const choice = await openHome({
      home: gathering,
      streams: screenStreams(context),
      options: screenOptions(options, context),
    });
    gathering.stop();
    if (choice === undefined) return succeed(exitStatus.verified);
    if (choice.kind !== 'read') return begin(choice, { options, context });
    const { openRecord } = await import('../../app/open-record.ts');
    const read = await openRecord({ logFolder, runId: choice.runId, options }, context);
    if (!read.ok) return read;
  }
}

const commandOfMode = { live: restore, drill, tabletop } as const satisfies Record<Mode, unknown>;

/** What the page was opened with goes along; everything else is as if it had been left out. */
function begin(
  choice: Exclude<HomeChoice, { kind: 'read' }>,
  at: { readonly options: HomeOptions; readonly context: ProgramContext },
): Promise<Outcome<number>> {
  const options = { ...defaultsOf([...restoreOptions, 'mode']), ...at.options };
  switch (choice.kind) {
    case 'resume':
      return resume.run(at.context, { operands: { run: choice.runId }, options });
    case 'start':
      return commandOfMode[choice.mode].run(at.context, { operands: { runbook: choice.runbook }, options });
    case 'rehearse':
      return rehearse.run(at.context, { operands: {}, options });
  }
}
