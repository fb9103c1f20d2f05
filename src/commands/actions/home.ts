import { resolve } from 'node:path';
import { printLine } from '../../app/command-context.ts';
import { exitStatus } from '../../app/exit-status.ts';
import { placesOfRunbooks, type Where } from '../../app/find-runbook.ts';
import { type Options, restoreOptions } from '../../app/options.ts';
import { adviseOn, screenOptions, screenStreams } from '../../app/terminal.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import type { Mode } from '../../base/mode.ts';
import { groupTitles, type HomeChoice, type HomeRow, homeGroups } from '../../session/home-view.ts';
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
    const advice = adviseOn({ whenAlone: 'waits' }, context);
    const { pages } = context;
    const gathering = gatherHome({ logFolder, options, advice, pages, asksStores: true }, context);
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

/** The same without a terminal, once everything is known. No store is asked: a script that looks shall not wait for one. */
export async function printFirstPage(
  options: HomeOptions,
  context: ProgramContext,
): Promise<Outcome<number>> {
  const logFolder = resolve(context.folder, options.logFolder);
  const { pages } = context;
  const gathering = gatherHome({ logFolder, options, advice: [], pages, asksStores: false }, context);
  await new Promise<void>((resolve) => {
    gathering.subscribe(() => {
      if (!gathering.view().looking) resolve();
    });
  });
  for (const line of linesOf(gathering.view().rows, context)) printLine(context, line);
  return succeed(exitStatus.verified);
}

function linesOf(rows: readonly HomeRow[], context: Where): readonly string[] {
  const examples = rows.filter(({ group, unfolds }) => group === 'example' && !unfolds);
  const groups = homeGroups
    .filter((group) => group !== 'example')
    .flatMap((group) => {
      const inGroup = rows.filter((row) => row.group === group);
      if (inGroup.length === 0 && group !== 'runbook') return [];
      const shown = inGroup.map(({ typed, title, mode, when, words, verdict }) =>
        typed === undefined
          ? `  ${[when, mode, title, words, verdict === 'failed' ? '(failed)' : ''].filter(Boolean).join('  ')}`
          : `  ${typed.padEnd(24)}  ${words === typed ? title : words}`,
      );
      return [groupTitles[group], ...(shown.length > 0 ? shown : [noneOfOwn(context)]), ''];
    });
  return [
    ...groups,
    ...(examples.length === 0
      ? []
      : [groupTitles.example, `  ${examples.map(({ title }) => title).join(', ')}`, '']),
    '`thaw help` names every command, `thaw COMMAND --help` all about one.',
  ];
}

function noneOfOwn(context: Where): string {
  const places = placesOfRunbooks(context).filter(({ isExample }) => !isExample);
  return `  none in ${places.map(({ folder }) => folder).join(', ')}; docs/write-your-own.md shows how one is written`;
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
    case 'command':
      return typeAlone(choice.name, at.context);
  }
}

/** The page offers only commands that are there and need no further word. */
async function typeAlone(name: string, context: ProgramContext): Promise<Outcome<number>> {
  const prepared = context.pages.command(name)?.prepare({ operands: [], options: new Map() });
  if (prepared === undefined || 'wrong' in prepared)
    throw new Error(`Broken promise: the first page offers thaw ${name}, which cannot be run`);
  return prepared.start(context);
}
