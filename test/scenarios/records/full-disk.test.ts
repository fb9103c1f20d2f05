import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newestRun } from '../../parts/run-log.ts';
import { runThaw } from '../../parts/thaw.ts';
import { makeTmpfs } from '../../parts/tmpfs.ts';

let folder = '';
let disk: Awaited<ReturnType<typeof makeTmpfs>>;
const filler = () => join(disk.folder, 'filler');
const values = { TOKEN: 'tok-7f3a-never-shown' };

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'thaw-full-')));
  disk = await makeTmpfs({ folder: join(folder, 'logs'), sizeBytes: 4_000_000 });
  mkdirSync(join(folder, 'runbooks'));
  // What is left is enough for the last facts, and not for the record.
  const fill = `cat /dev/zero > ${filler()} 2>/dev/null; truncate -s -20480 ${filler()}`;
  writeFileSync(
    join(folder, 'runbooks/full.yaml'),
    `thaw: 1
name: full
title: A disk that is full in the end
objectives: { rto: 30m, rpo: 1h }
inputs:
  TOKEN: { about: token of the backup store, secret: true }
backups:
  store: { kind: s3, endpoint: "http://127.0.0.1:9", bucket: backups, accessKey: someone, secretKey: "\${TOKEN}" }
  dumps: { layout: "pg/{host}/{date}/{hour}.dump.gz" }
production:
  database: { url: "postgresql://nobody@127.0.0.1:9/nothing" }
steps:
  - { kind: command, id: fill, title: Fill, program: sh, args: [-c, "${fill}"], stall: 60s }
`,
  );
});
afterAll(async () => {
  await disk?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const thaw = (...args: readonly string[]) =>
  runThaw({ args: [...args, '--log-dir', disk.folder], env: values, cwd: folder });

it('a record that could not be written ends the run with 1 and words, is not told as tampering, and is written later', async () => {
  const end = await thaw('restore', 'full', '--plain', '--yes');
  const runId = await newestRun(disk.folder);
  expect(end, end.text).toMatchObject({ status: 1 });
  expect(end.text).toContain(`The record of ${runId} is not written whole.`);
  expect(end.text).toContain('the disk is full');
  expect(end.text).toContain(`Its facts are safe in ${join(disk.folder, runId, 'journal.jsonl')}`);

  const verified = await thaw('records', 'verify', runId);
  expect(verified, verified.text).toMatchObject({ status: 1 });
  expect(verified.text).not.toContain('for the inquiry');
  expect(verified.text).toContain(`thaw resume ${runId}`);

  const stillFull = await thaw('resume', runId);
  expect(stillFull, stillFull.text).toMatchObject({ status: 1 });

  rmSync(filler());
  const resumed = await thaw('resume', runId);
  expect(resumed, resumed.text).toMatchObject({ status: 0 });
  expect(resumed.text).toContain('It is written now.');
  const whole = await thaw('records', 'verify', runId);
  expect(whole, whole.text).toMatchObject({ status: 0 });
});
