import { appendFile, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { countRows, listDatabases, readValue } from '../parts/count-rows.ts';
import { lockHolders } from '../parts/end-runs.ts';
import { findRgw } from '../parts/find-s3-servers.ts';
import { newestRun, readEntries, readRecord } from '../parts/run-log.ts';
import type { RunningThaw } from '../parts/thaw.ts';
import { openPseudoTerminal } from '../terminal/pseudo-terminal.ts';
import { type Outcome, objectCount, type Stand, startStand } from './kill-and-resume/stand.ts';

const program = fileURLToPath(new URL('../../bin/thaw.js', import.meta.url));

const rgw = await findRgw();
if ('binary' in rgw) describe('A run that is killed and resumed', killAndResume);
else {
  it('is NOT tried without Ceph RGW', () => {
    process.stderr.write(`\nKilling and resuming is NOT tried: ${rgw.absentBecause}.\n`);
  });
}

function killAndResume() {
  let stand: Stand;
  let undisturbed: Outcome;

  beforeAll(async () => {
    stand = await startStand();
    const logFolder = await stand.newLogFolder();
    const end = await stand.run({ logFolder });
    expect(end, end.text).toMatchObject({ status: 0 });
    undisturbed = await stand.outcome(logFolder);
    await stand.loseAgain(logFolder);
  });
  afterEach(() => stand.calm());
  afterAll(() => stand?.remove());

  async function killNow(thaw: RunningThaw): Promise<void> {
    thaw.kill('SIGKILL');
    expect(await thaw.ended).toMatchObject({ status: undefined, signal: 'SIGKILL' });
  }

  /** Resumes with the same options, and demands the end that an undisturbed run has; then production is lost again. */
  async function expectSameEnd(logFolder: string): Promise<string> {
    const end = await stand.run({ logFolder, action: ['resume'] });
    expect(end, end.text).toMatchObject({ status: 0 });
    expect(await stand.outcome(logFolder)).toEqual(undisturbed);
    const verified = await stand.run({
      logFolder,
      action: ['records', 'verify', await newestRun(logFolder)],
    });
    expect(verified, verified.text).toMatchObject({ status: 0 });
    expect(await restoreProcesses()).toEqual([]);
    await stand.loseAgain(logFolder);
    return end.text;
  }

  /** Starts a restore and waits until so many bytes of what this step fetches have come, and no more come. */
  async function startAndHold(request: {
    readonly logFolder: string;
    readonly before: RegExp;
    readonly step: RegExp;
    readonly bytes: number;
  }): Promise<RunningThaw> {
    const thaw = stand.start({ logFolder: request.logFolder });
    await thaw.waitFor(request.before);
    const from = stand.line.passedBytes();
    stand.line.stopAfter(request.bytes);
    await thaw.waitFor(request.step);
    while (stand.line.passedBytes() < from + request.bytes) await sleep(20);
    return thaw;
  }

  const inFetch = (logFolder: string) =>
    startAndHold({ logFolder, before: /Stop writers: begun/, step: /Fetch: begun/, bytes: 90_000 });
  /** Held once some objects are there, however many other requests come with each of them. */
  const inMirror = async (logFolder: string): Promise<RunningThaw> => {
    const thaw = stand.start({ logFolder });
    await thaw.waitFor(/Decrypt and unpack: begun/);
    stand.line.limit(100_000);
    while ((await stand.nimara.live.keys()).length < 3) await sleep(20);
    stand.line.stopAfter(0);
    await thaw.waitFor(/is now the restored database/);
    return thaw;
  };

  it('ends undisturbed with every row of the source, every object, and the old database kept', () => {
    expect(undisturbed).toMatchObject({
      rows: stand.backup.rows,
      verdict: 'passed',
      databases: ['port_nimara_crm', 'port_nimara_crm__before_', 'postgres', 'template0', 'template1'],
      swapsDone: 1,
    });
    expect(undisturbed.objects.size).toBe(objectCount);
  });

  it('in the middle of fetch, with a torn last line: ends as an undisturbed run', async () => {
    const logFolder = await stand.newLogFolder();
    await killNow(await inFetch(logFolder));
    stand.line.limit(undefined);
    await appendFile(join(logFolder, await newestRun(logFolder), 'journal.jsonl'), '{"seq":99,"at":"2026-');
    await expectSameEnd(logFolder);
    const entries = await readEntries(logFolder);
    expect(entries.filter(({ kind }) => kind === 'run-resumed')).toEqual([
      expect.objectContaining({ tornBytes: 21 }),
    ]);
    expect(entries.filter((entry) => entry.kind === 'step-started' && entry.stepId === 'fetch')).toHaveLength(
      2,
    );
    expect(
      entries.filter((entry) => entry.kind === 'step-started' && entry.stepId === 'stop-writers'),
    ).toHaveLength(1);
  });

  it('in the middle of the database restore, pg_restore living on: ends as an undisturbed run', async () => {
    const logFolder = await stand.newLogFolder();
    const holding = stand.holdRestore();
    const thaw = stand.start({ logFolder });
    const hold = await holding;
    try {
      await thaw.waitFor(/creating FK CONSTRAINT/);
      // A word to a reader that is gone ends pg_restore: it lives on only while all its workers wait.
      await untilRestoreIsSilent(thaw);
      await killNow(thaw);
      expect((await restoreProcesses()).length).toBeGreaterThan(0);
    } finally {
      await hold.release();
    }
    await expectSameEnd(logFolder);
  });

  it('at the question before the swap: asks again, and swaps once', async () => {
    const logFolder = await stand.newLogFolder();
    const terminal = openPseudoTerminal({
      file: process.execPath,
      args: [program, ...stand.argsOf({ logFolder, confirm: false })],
      env: stand.environment,
      cwd: stand.nimara.folder,
      columns: 200,
    });
    try {
      await terminal.waitFor(/question restore-database\.swap/, 60_000);
    } finally {
      for (const pid of lockHolders(logFolder)) process.kill(pid, 'SIGKILL');
      expect((await terminal.exit).status).toBe(5);
    }
    expect(terminal.bytes()).toContain('has ended without a word');
    const before = await listDatabases(stand.nimara.production.url);
    expect(before.filter((name) => name.includes('__restore_'))).toHaveLength(1);
    const text = await expectSameEnd(logFolder);
    // What was restored and counted is not restored again.
    expect(text).not.toMatch(/CREATE DATABASE/);
  });

  it('in the middle of mirroring, after the swap: copies what is missing, and swaps once', async () => {
    const logFolder = await stand.newLogFolder();
    await killNow(await inMirror(logFolder));
    stand.line.limit(undefined);
    const there = (await stand.nimara.live.keys()).length;
    expect(there).toBeGreaterThan(0);
    expect(there).toBeLessThan(objectCount);
    const text = await expectSameEnd(logFolder);
    expect(text).not.toMatch(/RENAME TO/);
    expect(text).toMatch(/objects to copy, .*; [1-9]\d* equal already/);
  });

  it('lets no second run at its target, stops by SIGTERM, and goes on with no other runbook and no damaged journal', async () => {
    const logFolder = await stand.newLogFolder();
    const thaw = await inFetch(logFolder);
    // Slow enough not to end before everybody else was refused.
    stand.line.limit(2000);
    const first = await newestRun(logFolder);
    const before = await listDatabases(stand.nimara.production.url);

    const beside = await stand.run({ logFolder });
    expect(beside, beside.text).toMatchObject({ status: 3 });
    expect(beside.text).toMatch(new RegExp(`process ${thaw.pid}\\b`));
    const elsewhere = await stand.run({ logFolder: await stand.newLogFolder(), direct: true });
    expect(elsewhere, elsewhere.text).toMatchObject({ status: 3 });
    expect(elsewhere.text).toMatch(
      /Cannot take the lease port_nimara_crm .*: another run holds it since .*, server process \d+/,
    );
    const taken = await stand.run({ logFolder, action: ['resume', first] });
    expect(taken, taken.text).toMatchObject({ status: 3 });
    expect(taken.text).toContain(`Run ${first} is being worked on`);
    expect(await listDatabases(stand.nimara.production.url)).toEqual(before);

    thaw.kill('SIGTERM');
    const stopped = await thaw.ended;
    stand.line.limit(undefined);
    expect(stopped, stopped.text).toMatchObject({ status: 5, signal: undefined });
    expect(stopped.text).toContain(`Go on with: thaw resume ${first}`);
    expect((await readRecord(logFolder)).result.state).toBe('stopped');

    const runbook = await readFile(stand.runbook, 'utf8');
    await writeFile(stand.runbook, `${runbook}# changed\n`);
    const changed = await stand.run({ logFolder, action: ['resume', first] });
    expect(changed, changed.text).toMatchObject({ status: 3 });
    expect(changed.text).toMatch(/Runbook .* has changed since run .* began/);
    await writeFile(stand.runbook, runbook);

    const copy = await stand.newLogFolder();
    await cp(logFolder, copy, { recursive: true });
    const journal = join(copy, first, 'journal.jsonl');
    const text = await readFile(journal, 'utf8');
    await writeFile(journal, text.replace('"kind":"preflight-finished"', '"kind":"preflight-Finished"'));
    for (const action of [['resume', first], ['resume'], ['records', 'verify', first]]) {
      const damaged = await stand.run({ logFolder: copy, action });
      expect(damaged, damaged.text).toMatchObject({ status: 6 });
      expect(damaged.text).toMatch(/line 2 cannot be vouched for, its text does not match its hash/);
      expect(damaged.text).toMatch(/Keep the folder as it is/);
    }
    expect(await listDatabases(stand.nimara.production.url)).toEqual(before);
    await expectSameEnd(logFolder);
  });

  it('does not move production while somebody on the new database cannot be sent away', async () => {
    const logFolder = await stand.newLogFolder();
    const arriving = stand.holdRestore();
    const thaw = stand.start({ logFolder });
    // A superuser's connection stays on the incoming database; only its lock goes.
    const guest = await arriving;
    await guest.unlock();
    const before = await countRows(stand.nimara.databaseUrl);
    const end = await thaw.ended;
    expect(end, end.text).toMatchObject({ status: 1 });
    expect(end.text).toMatch(/failed: Cannot disconnect the clients of database port_nimara_crm__restore_/);
    expect(await countRows(stand.nimara.databaseUrl)).toEqual(before);
    await guest.release();
    await expectSameEnd(logFolder);
  });

  async function untilRestoreIsSilent(thaw: RunningThaw): Promise<void> {
    const said = () => thaw.printed().match(/pg_restore: /g)?.length ?? 0;
    for (let before = -1; before !== said(); await sleep(1000)) before = said();
  }

  async function restoreProcesses(): Promise<readonly string[]> {
    const left = await readValue(
      stand.nimara.production.url,
      `select string_agg(application_name, ',') as value from pg_stat_activity where application_name like '%pg_restore%'`,
    );
    return left === 'null' ? [] : left.split(',');
  }
}
