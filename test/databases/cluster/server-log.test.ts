import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { pathsOf } from '../../../src/databases/cluster/cluster-place.ts';
import { serverState } from '../../../src/databases/cluster/run-server.ts';
import { findServerAccount } from '../../../src/databases/cluster/server-account.ts';
import { findPostgresFolder } from '../../../src/sandbox/postgres-install.ts';
import { valueFrom } from '../../contracts/object-store.contract.ts';

let folder = '';
const place = () => ({ folder: join(folder, 'data'), port: 1, runId: 'test' });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-log-'));
  chmodSync(folder, 0o755);
  mkdirSync(place().folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the log of a server that has ended', () => {
  const reason = 'FATAL:  recovery ended before configured recovery target was reached';
  it.each([
    ['alone', [reason], 'recovery ended before configured recovery target was reached'],
    [
      'before somebody who knocks and is sent away',
      [
        reason,
        'FATAL:  the database system is in recovery mode',
        'FATAL:  the database system is shutting down',
      ],
      'recovery ended before configured recovery target was reached',
    ],
    [
      'behind one',
      ['FATAL:  the database system is starting up', 'PANIC:  could not write'],
      'could not write',
    ],
    ['not at all', ['FATAL:  the database system is starting up'], undefined],
  ])('says why, %s', async (_where, lines, fatal) => {
    const { log } = pathsOf(place());
    mkdirSync(dirname(log));
    writeFileSync(log, lines.map((line) => `2026-11-27 07:49:23 UTC [1] ${line}\n`).join(''));
    const programs = await findPostgresFolder();
    const server = {
      processes: createProcessRunner(),
      place: place(),
      programs,
      account: valueFrom(await findServerAccount()),
      version: '15.18',
    };
    expect(valueFrom(await serverState(server)).fatal).toBe(fatal);
  });
});
