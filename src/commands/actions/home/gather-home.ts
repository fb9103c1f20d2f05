import { hostname } from 'node:os';
import { relative } from 'node:path';
import type { CommandContext } from '../../../app/command-context.ts';
import type { Options } from '../../../app/options.ts';
import type { Home, HomeRow, HomeView } from '../../../session/home-view.ts';
import type { Pages } from '../../command.ts';

type Gathering = Home & { stop(): void };

type Request = {
  readonly logFolder: string;
  readonly advice: readonly string[];
  readonly options: Options<'envFiles'>;
  readonly pages: Pick<Pages, 'command'>;
  readonly asksStores: boolean;
};

/** Looks for runs, runbooks and snapshots, and tells each as soon as it is known. The first picture waits for none of it. */
export function gatherHome(
  request: Request,
  context: Pick<CommandContext, 'environment' | 'folder'>,
): Gathering {
  const listeners = new Set<() => void>();
  const rows = new Map<string, HomeRow>();
  let view = emptyView(request, context);
  let stopped = false;
  const tell = (looking: boolean) => {
    if (stopped) return;
    view = { ...view, rows: inOrder([...rows.values()]), looking };
    for (const listener of [...listeners]) listener();
  };
  const put = (row: HomeRow) => {
    rows.set(row.key, row);
    tell(true);
  };
  const look = async () => {
    for (const row of nextRows(request.pages)) put(row);
    // What reads journals and runbooks is loaded behind the first picture.
    const { lookForRuns, lookForRunbooks } = await import('./look-around.ts');
    await Promise.all([
      lookForRuns(request, { put, isStopped: () => stopped }),
      lookForRunbooks({ ...request, put }, context),
    ]);
    tell(false);
  };
  // The first picture is drawn before anything is read.
  setTimeout(() => void look(), 0);
  return {
    view: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      stopped = true;
    },
  };
}

function emptyView(
  { logFolder, advice }: Request,
  context: Pick<CommandContext, 'environment' | 'folder'>,
): HomeView {
  const shown = relative(context.folder, logFolder);
  return {
    host: hostname(),
    logFolder: shown === '' || shown.startsWith('..') ? logFolder : shown,
    advice,
    rows: [],
    looking: true,
  };
}

/** Unfinished runs, newest first; one's own runbooks by name; what comes next; what is over, newest first; the examples, folded. */
function inOrder(rows: readonly HomeRow[]): readonly HomeRow[] {
  const byTime = (one: HomeRow, other: HomeRow) => other.key.localeCompare(one.key);
  const byTitle = (one: HomeRow, other: HomeRow) => one.title.localeCompare(other.title, 'en');
  const inGroup = (group: HomeRow['group']) => rows.filter((row) => row.group === group);
  const examples = inGroup('example').sort(byTitle);
  return [
    ...inGroup('unfinished').sort(byTime),
    ...inGroup('runbook').sort(byTitle),
    ...inGroup('next'),
    ...inGroup('record').sort(byTime),
    ...(examples.length === 0 ? [] : [foldRow(examples.length)]),
    ...examples,
  ];
}

function foldRow(count: number): HomeRow {
  return {
    ...{ key: 'examples', group: 'example', unfolds: true },
    title: `${count} runbooks come along`,
    words: 'for systems of others: to read, and to copy from',
    ...{ about: [], actions: [] },
  };
}

/** What somebody does next who has nothing yet. A command that this thaw does not have is not named. */
function nextRows({ command }: Pick<Pages, 'command'>): readonly HomeRow[] {
  return [rehearsalRow, ...writeRow(command('init')), ...bucketRow(command('restore'))];
}

function writeRow(init: ReturnType<Pages['command']>): readonly HomeRow[] {
  if (init === undefined) return [];
  const alone = init.prepare({ operands: [], options: new Map() });
  const typed = `thaw ${init.name}`;
  return [
    {
      ...{ key: 'write', group: 'next', title: 'write a runbook', words: `${typed}: ${init.about}`, typed },
      about: [`The same as typing ${typed}.`, ...(init.more ?? [])],
      actions:
        'wrong' in alone
          ? []
          : [
              {
                choice: { kind: 'command', name: init.name },
                label: init.about,
                touches: [{ how: 'touch', what: 'nothing but the runbook that it writes' }],
              },
            ],
    },
  ];
}

/** It is typed, since nobody but the operator knows where the bucket is. */
function bucketRow(restore: ReturnType<Pages['command']>): readonly HomeRow[] {
  const example = restore?.examples.find(({ line }) => line.includes('s3://'));
  if (example === undefined) return [];
  return [
    {
      ...{ key: 'bucket', group: 'next', title: 'restore from a bucket' },
      ...{ words: example.line, typed: example.line },
      about: [`Leave this page with q, then type ${example.line}: ${example.about}.`],
      actions: [],
    },
  ];
}

const rehearsalRow: HomeRow = {
  key: 'rehearsal',
  group: 'next',
  title: 'rehearsal',
  words: 'a whole disaster and its recovery in a sandbox on this host',
  typed: 'thaw rehearse',
  about: [
    'Builds a small company in a folder of its own, ruins it, and lets you restore it: the same walk, the same questions.',
  ],
  actions: [
    {
      choice: { kind: 'rehearse' },
      label: 'rehearse',
      touches: [
        { how: 'use', what: 'throwaway servers on 127.0.0.1 and a temporary folder, removed at the end' },
        { how: 'spare', what: 'everything else' },
      ],
    },
  ],
};
