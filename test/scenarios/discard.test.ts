import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { listDatabases } from '../parts/count-rows.ts';
import { useFolder, useSandbox } from './terminal/open-sandbox.ts';
import { journalText, readNewestRun, runThaw } from './terminal/open-thaw.ts';
import { database } from './terminal/press-keys.ts';

const sandbox = useSandbox();
const newFolder = useFolder();
let folder = '';

beforeAll(async () => {
  folder = await newFolder('discard');
});

const thaw = (...args: readonly string[]) => runThaw({ args, folder, env: sandbox().environment });

/** A walk that nobody answers at the question of the swap: everything is restored beside, and nothing is in place. */
async function restoreUntilSwap() {
  const before = await listDatabases(sandbox().databaseUrl);
  const answers = ['--yes', '--answer', 'choose-snapshot=latest'];
  const end = await thaw('restore', 'rehearsal', '--plain', ...answers);
  expect(end, end.text).toMatchObject({ status: 4 });
  const after = await listDatabases(sandbox().databaseUrl);
  const made = after.filter((name) => !before.includes(name));
  expect(made).toEqual([expect.stringMatching(/^harbour_crm__restore_\w+/)]);
  const { runId } = await readNewestRun(folder);
  const [start = ''] = (await journalText(folder)).split('\n');
  const { workPath } = JSON.parse(start) as { workPath: string };
  expect(await filesIn(workPath)).not.toEqual([]);
  return { runId, before, workPath };
}

async function filesIn(path: string): Promise<readonly string[]> {
  return existsSync(path) ? readdir(path) : [];
}

describe('A run that nobody goes on with', () => {
  it('is given up by its name: what it made beside is gone, what is in place stays, and it cannot be resumed', async () => {
    const { runId, before, workPath } = await restoreUntilSwap();
    const other = await thaw('discard', '--confirm', 'some-other-run');
    expect(other, other.text).toMatchObject({ status: 4 });
    expect(await listDatabases(sandbox().databaseUrl)).not.toEqual(before);

    const given = await thaw('discard', '--confirm', runId);
    expect(given, given.text).toMatchObject({ status: 0 });
    expect(given.text).toMatch(/^throwaway database harbour_crm__restore_\w+ dropped$/m);
    expect(given.text).toContain('decrypted files removed from this host');
    expect(given.text).toContain('Services that were stopped stay stopped');
    expect(await listDatabases(sandbox().databaseUrl)).toEqual(before);

    const { record, markdown } = await readNewestRun(folder);
    expect(record.result).toMatchObject({ state: 'stopped', reason: 'The run was discarded.' });
    expect(markdown).toContain('The run was discarded.');
    expect(await filesIn(workPath)).toEqual([]);
    const verified = await thaw('records', 'verify', runId);
    expect(verified, verified.text).toMatchObject({ status: 0 });

    const resumed = await thaw('resume', runId);
    expect(resumed.text).toContain(`Run ${runId} was discarded`);
    expect(resumed.status).not.toBe(0);
    const again = await thaw('discard', runId, '--confirm', runId);
    expect(again.text).toContain('is over already');
    expect(again.status).not.toBe(0);
    const newest = await thaw('resume');
    expect(newest.text).toContain('There is no unfinished run');
  });

  it('is not given up for another database than the one it worked on', async () => {
    const { runId, before } = await restoreUntilSwap();
    const url = new URL(sandbox().databaseUrl);
    url.pathname = '/postgres';
    const env = { ...sandbox().environment, DATABASE_URL: url.href };
    const end = await runThaw({ args: ['discard', '--confirm', runId], folder, env });
    expect(end.text).toContain(`Run ${runId} worked on ${database} at`);
    expect(end.status).not.toBe(0);
    expect(await listDatabases(sandbox().databaseUrl)).not.toEqual(before);
    expect(await thaw('discard', '--confirm', runId)).toMatchObject({ status: 0 });
    expect(await listDatabases(sandbox().databaseUrl)).toEqual(before);
    expect(existsSync(join(folder, 'restore-logs', runId, 'record.md'))).toBe(true);
  });
});
