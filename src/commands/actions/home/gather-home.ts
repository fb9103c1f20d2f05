import { hostname } from 'node:os';
import { relative } from 'node:path';
import type { CommandContext } from '../../../app/command-context.ts';
import type { Options } from '../../../app/options.ts';
import type { Home, HomeRow, HomeView } from '../../../session/home-view.ts';

type Gathering = Home & { stop(): void };

type Request = {
  readonly logFolder: string;
  readonly advice: readonly string[];
  readonly options: Options<'envFiles'>;
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
    put(rehearsalRow);
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

/** Unfinished runs, newest first; runbooks by name, the rehearsal last; then what is over, newest first. */
function inOrder(rows: readonly HomeRow[]): readonly HomeRow[] {
  const byTime = (one: HomeRow, other: HomeRow) => other.key.localeCompare(one.key);
  const inGroup = (group: HomeRow['group']) => rows.filter((row) => row.group === group);
  const runbooks = inGroup('runbook').filter((row) => row !== rehearsalRow);
  return [
    ...inGroup('unfinished').sort(byTime),
    ...runbooks.sort((one, other) => one.title.localeCompare(other.title, 'en')),
    ...rows.filter((row) => row === rehearsalRow),
    ...inGroup('record').sort(byTime),
  ];
}

const rehearsalRow: HomeRow = {
  key: 'rehearsal',
  group: 'runbook',
  title: 'rehearsal',
  words: 'a whole disaster and its recovery in a sandbox on this host',
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
