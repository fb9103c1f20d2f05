import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type BackupStand, startBackupStand } from '../parts/backup-stand.ts';
import { newestRun } from '../parts/run-log.ts';

/**
 * Whoever may write where the records lie makes a run that never was, or takes one away. Remains: somebody who may write everything there, the
 * heads included, can write another history; heads noted elsewhere, signatures and anchors show it.
 */

let stand: BackupStand;
let run = '';
const at = (name: string) => join(stand.folder, name);
const anchored = { records: { anchor: 'thaw-records/' } };
const drill = (runbook: string, logs: string) =>
  stand.thaw('drill', runbook, '--yes', '--plain', '--snapshot', 'latest', '--log-dir', at(logs));
const verify = (...args: readonly string[]) =>
  stand.thaw('records', 'verify', ...args, '--log-dir', at('logs'));

beforeAll(async () => {
  stand = await startBackupStand();
  await stand.backUp();
  await stand.writeRunbook(anchored);
  const drilled = await drill(stand.runbookFile, 'genuine');
  expect(drilled.status, drilled.text).toBe(0);
  run = await newestRun(at('genuine'));
});
afterAll(() => stand.remove());
beforeEach(() => {
  rmSync(at('logs'), { recursive: true, force: true });
  cpSync(at('genuine'), at('logs'), { recursive: true });
});

describe('a forged run with anchors of its own', () => {
  it('names a runbook that leads to them, and is measured by the runbook of whoever verifies', async () => {
    const genuine = parse(readFileSync(stand.runbookFile, 'utf8'));
    cpSync(stand.backups, at('own-store'), { recursive: true });
    rmSync(at('own-store/thaw-records'), { recursive: true });
    genuine.backups.store.path = at('own-store');
    mkdirSync(at('own'), { recursive: true });
    writeFileSync(at('own/company.yaml'), JSON.stringify(genuine));
    const forged = await drill(at('own/company.yaml'), 'logs');
    expect(forged.status, forged.text).toBe(0);
    const id = await newestRun(at('logs'));
    const byItsOwn = await verify(id, '--anchored', at('own/company.yaml'));
    expect(byItsOwn.text).toContain(at('own-store'));
    const byOurs = await verify(id, '--anchored', stand.runbookFile);
    expect(byOurs.status, byOurs.text).toBe(6);
    expect(byOurs.text).toContain(`there is no anchor of it in ${stand.backups}/thaw-records/`);
    const held = await verify(run, '--anchored', stand.runbookFile);
    expect(held.status, held.text).toBe(0);
    expect(held.text).toContain(`${stand.backups}/thaw-records/, as ${stand.runbookFile} says`);
  });

  it('is not asked which runbook that is', async () => {
    const said = await verify(run, '--anchored');
    expect(said.status, said.text).toBe(2);
    expect(said.text).toContain('--anchored');
  });
});

describe('evidence that is gone or changed', () => {
  it.each([
    ['the chain heads', 1, () => rmSync(at('logs/chain-heads.jsonl'))],
    [
      'a line of the index',
      6,
      () => {
        const text = readFileSync(at('logs/backup-drills.md'), 'utf8');
        writeFileSync(at('logs/backup-drills.md'), text.replace('VERIFIED', 'FAILED'));
      },
    ],
    ['the journal', 1, () => rmSync(at(`logs/${run}/journal.jsonl`))],
    ['the record', 1, () => rmSync(at(`logs/${run}/record.json`))],
  ] as const)('%s: the verification is no success', async (_what, status, harm) => {
    harm();
    const said = await verify(run);
    expect(said.status, said.text).not.toBe(0);
    if (said.status !== 6) expect(said.status, said.text).toBe(status);
  });

  it('a run with its line of the index: the heads still know it', async () => {
    rmSync(at(`logs/${run}`), { recursive: true });
    const lines = readFileSync(at('logs/backup-drills.md'), 'utf8').split('\n');
    writeFileSync(at('logs/backup-drills.md'), lines.filter((line) => !line.includes(run)).join('\n'));
    expect(readdirSync(at('logs'))).not.toContain(run);
    const said = await verify();
    expect(said.status, said.text).not.toBe(0);
    expect(said.text).toContain(run);
  });
});
