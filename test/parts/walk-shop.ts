import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checksOf, readRecord } from './run-log.ts';
import { shopRunbook } from './shop-runbook.ts';
import { type SaidHere, thawHere } from './thaw.ts';

type ShopWalk = {
  /** Of the test: the walk gets a folder of its own in it. */
  readonly folder: string;
  /** What its store holds, by name: shop-2026-11-19.dump. */
  readonly dumps: Readonly<Record<string, Buffer | string>>;
  /** Of the database that is restored, and whose name is typed. */
  readonly url: string;
  readonly command?: 'check' | 'drill' | 'restore';
  readonly runbook?: Omit<Parameters<typeof shopRunbook>[0], 'store'>;
  /** Options beside those that answer what every walk asks. */
  readonly more?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

type WalkEnd = {
  readonly end: SaidHere;
  readonly logs: string;
  /** Of its record: `STEP VERDICT: text`. There is none where the walk did not begin. */
  checks(): Promise<readonly string[]>;
};

const everyEnding = '[.dump][.tar][.sql]';

/** The shop's runbook is walked once, from a store that holds the given dumps, in this process. */
export async function walkShop(walk: ShopWalk): Promise<WalkEnd> {
  const { command = 'restore', runbook = {}, more = [], env = {} } = walk;
  const folder = mkdtempSync(join(walk.folder, 'walk-'));
  const [store, logs, file] = ['store', 'logs', 'runbook.yaml'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(store);
  for (const [name, bytes] of Object.entries(walk.dumps)) writeFileSync(join(store, name), bytes);
  writeFileSync(file, shopRunbook({ endings: everyEnding, ...runbook, store }));
  const database = decodeURIComponent(new URL(walk.url).pathname.slice(1));
  const answers = command === 'check' ? [] : ['--yes', '--snapshot', 'latest', '--confirm', database];
  const end = await thawHere({
    args: [command, file, '--plain', '--log-dir', logs, ...answers, ...more],
    env: { HOME: walk.folder, LIVE: walk.url, ...env },
    cwd: folder,
  });
  return { end, logs, checks: async () => checksOf(await readRecord(logs)) };
}
