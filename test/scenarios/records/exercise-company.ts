import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Writable } from 'node:stream';
import { runCommandLine } from '../../../src/cli/run-command-line.ts';
import { buildSandbox, type Sandbox } from '../../../src/sandbox/build-sandbox.ts';
import { loseProduction } from '../../../src/sandbox/disaster.ts';
import { valueFrom } from '../../contracts/object-store.contract.ts';
import { runThaw, type ThawEnd } from '../../parts/thaw.ts';
import { writeManifest } from '../../parts/write-manifest.ts';
import { startServices } from '../../sandbox/sandbox-parts.ts';

/** A company that drills, sits at a table, and then loses everything and comes back: three records of one runbook. */
export type Exercises = {
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly logFolder: string;
  /** Everything the program printed, over all three. */
  readonly printed: string;
  readonly ends: { readonly drill: ThawEnd; readonly tabletop: ThawEnd; readonly live: ThawEnd };
  readonly runs: { readonly drill: string; readonly tabletop: string; readonly live: string };
  destroy(): Promise<void>;
};

const people = [
  '--commander',
  'the head of operations',
  '--operator',
  'the person on call',
  '--witness',
  'the auditor',
];
const approvers = ['--approver', 'the head of operations', '--result-approver', 'the owner of the CRM'];

const decisions = [
  ...['choose-snapshot', 'stop-writers', 'fetch', 'decrypt', 'restore-database', 'mirror-objects'],
  ...['verify-secrets', 'start-services', 'smoke-checklist'],
].flatMap((step) => ['--answer', `${step}.decide=as-written`]);

const injects = [
  ...['--answer', 'decrypt.inject-1=gap:nobody else holds a copy of the key'],
  ...['--answer', 'verify-secrets.inject-2=handled:the fingerprint in the manifest tells which'],
  ...['--answer', 'start-services.inject-3=not-relevant:we do not wait for it'],
];

export async function holdExercises(): Promise<Exercises> {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-exercises-'));
  const sandbox = valueFrom(await buildSandbox({ onLine: () => undefined, startServices }));
  await writeManifest(sandbox);
  const thaw = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
    runThaw({ args: [...args, '--plain', '--yes'], env, cwd: folder });
  const drill = await thaw(sandbox.environment, 'drill', 'rehearsal', '--snapshot', 'latest', ...people);
  // No credential, no address, nothing: whatever it reached for would not be there.
  const tabletop = await thaw(
    { PATH: '/nowhere' },
    'tabletop',
    'rehearsal',
    ...people,
    ...decisions,
    ...injects,
  );
  await loseProduction({ sandbox, onLine: () => undefined });
  const live = await thaw(
    sandbox.environment,
    ...['restore', 'rehearsal', '--snapshot', 'latest', '--confirm', 'harbour_crm', ...people, ...approvers],
    ...[
      '--answer',
      'smoke-checklist.look=passed:it counts its clients',
      // Somebody's word is given in so many words, or not at all.
      ...['--answer', 'declare-recovery=yes', '--answer', 'approve-result=yes'],
      '--lost-at',
      new Date().toISOString(),
    ],
  );
  const logFolder = join(folder, 'restore-logs');
  const ids = await readdir(logFolder);
  const runOf = (mode: string) =>
    ids.find((id) => id.endsWith(`rehearsal-${mode}`)) ?? `no run of mode ${mode}`;
  return {
    sandbox,
    folder,
    logFolder,
    printed: drill.text + tabletop.text + live.text,
    ends: { drill, tabletop, live },
    runs: { drill: runOf('drill'), tabletop: runOf('tabletop'), live: runOf('live') },
    async destroy() {
      await sandbox.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The command line inside this process: some hundred starts of a program would be most of the test. */
export async function thawHere(
  place: {
    readonly folder: string;
    readonly logFolder?: string;
    readonly env?: Readonly<Record<string, string>>;
  },
  ...args: readonly string[]
): Promise<{ readonly status: number; readonly text: string }> {
  let text = '';
  const stream = () =>
    new Writable({
      write(chunk, _encoding, done) {
        text += String(chunk);
        done();
      },
    });
  const status = await runCommandLine([...args, '--log-dir', place.logFolder ?? 'restore-logs'], {
    environment: place.env ?? {},
    stdin: process.stdin,
    stdout: stream(),
    stderr: stream(),
    folder: place.folder,
  });
  return { status, text };
}

export function records(place: Parameters<typeof thawHere>[0], ...args: readonly string[]) {
  return thawHere(place, 'records', ...args);
}

/** A copy to tamper with. */
export async function copyOf(logFolder: string, into: string): Promise<string> {
  await rm(into, { recursive: true, force: true });
  await cp(logFolder, into, { recursive: true });
  return into;
}

export async function readTree(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map<string, Buffer>();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(folder, path), await readFile(path));
  }
  return files;
}
