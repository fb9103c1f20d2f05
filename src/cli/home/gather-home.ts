import { hostname } from 'node:os';
import { relative } from 'node:path';
import type { Home, HomeRow, HomeView } from '../../session/home-view.ts';
import type { Options } from '../arguments.ts';

import { type LoadedRunbook, loadRunbook } from '../load-runbook.ts';
import { listRunIds } from '../run-log.ts';
import type { Surroundings } from '../surroundings.ts';
import { findNewest } from './find-newest.ts';
import { listRunbooks } from './list-runbooks.ts';
import { runRow } from './run-rows.ts';
import { runbookRow } from './runbook-row.ts';

/** Older runs are found with `thaw records list`. */
const mostRuns = 60;

export type Gathering = Home & { stop(): void };

type Request = {
  readonly logFolder: string;
  readonly advice: readonly string[];
  readonly options: Options;
};

/** Looks for runs, runbooks and snapshots, and tells each as soon as it is known. The first picture waits for none of it. */
export function gatherHome(request: Request, surroundings: Surroundings): Gathering {
  const listeners = new Set<() => void>();
  const rows = new Map<string, HomeRow>();
  let view = emptyView(request, surroundings);
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
    await Promise.all([
      lookForRuns(request, { put, isStopped: () => stopped }),
      lookForRunbooks({ ...request, put }, surroundings),
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

function emptyView({ logFolder, advice }: Request, surroundings: Surroundings): HomeView {
  const shown = relative(surroundings.folder, logFolder);
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

async function lookForRuns(
  { logFolder }: Request,
  into: { readonly put: (row: HomeRow) => void; readonly isStopped: () => boolean },
): Promise<void> {
  const ids = await listRunIds(logFolder);
  for (const runId of ids.slice(0, mostRuns)) {
    if (into.isStopped()) return;
    into.put(await runRow({ logFolder, runId, host: hostname(), nowMs: Date.now() }));
    // Keys come first: reading a long journal is work.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function lookForRunbooks(
  request: Request & { readonly put: (row: HomeRow) => void },
  surroundings: Surroundings,
): Promise<void> {
  const paths = await listRunbooks(surroundings.folder);
  const found = await Promise.all(
    paths.map(async (path) => ({ path, loaded: await loadRunbook(path, surroundings.folder) })),
  );
  for (const { path, loaded } of found) {
    if (loaded.ok) request.put(toRow(loaded.value, { newest: 'looking', surroundings }));
    else request.put(brokenRow(path, loaded.failure));
  }
  for (const { loaded } of found) {
    if (!loaded.ok) continue;
    const newest = await findNewest(loaded.value, { options: request.options, surroundings });
    request.put(toRow(loaded.value, { newest, surroundings }));
  }
}

function toRow(
  loaded: LoadedRunbook,
  { newest, surroundings }: { readonly newest: string; readonly surroundings: Surroundings },
): HomeRow {
  const { path, runbook } = loaded;
  const values = new Map(
    Object.keys(runbook.inputs).flatMap((name): [string, string][] => {
      const value = surroundings.environment[name] || runbook.inputs[name]?.default;
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return runbookRow({ key: path, path, runbook, values, newest });
}

function brokenRow(path: string, failure: { readonly message: string; readonly remedy: string }): HomeRow {
  return {
    key: path,
    group: 'runbook',
    title: path.slice(path.lastIndexOf('/') + 1),
    words: 'does not hold together',
    verdict: 'failed',
    about: [...failure.message.split('\n'), failure.remedy],
    actions: [],
  };
}

const rehearsalRow: HomeRow = {
  key: 'rehearsal',
  group: 'runbook',
  title: 'Rehearsal',
  words: 'a whole disaster and its recovery in a sandbox on this host',
  about: [
    'Builds a small company in a folder of its own, ruins it, and lets you restore it: the same walk, the same questions.',
  ],
  actions: [
    {
      choice: { kind: 'rehearse' },
      label: 'rehearse',
      touches: [
        { how: 'may use', what: 'throwaway servers on 127.0.0.1 and a temporary folder, removed at the end' },
        { how: 'leaves alone', what: 'everything else' },
      ],
    },
  ],
};
