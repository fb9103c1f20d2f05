import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { pathsOf } from '../../../src/databases/cluster/cluster-place.ts';
import { configureRecovery } from '../../../src/databases/cluster/configure-recovery.ts';
import { openClusterTools } from '../../../src/databases/cluster/open-cluster-tools.ts';
import { findNewestPrograms } from '../../../src/databases/cluster/server-programs.ts';

const processes = createProcessRunner();
const tools = openClusterTools({ processes });
const scratch = mkdtempSync(join(tmpdir(), 'thaw-restore-command-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** What a person may call a folder, and what each reader on the way would take for its own. */
const awkward = `it's 100%p \\n $HOME`;

/** The setting as the real server reads it back. */
async function readByServer(restoreCommand: string): Promise<string> {
  const place = { folder: join(scratch, 'data'), runId: 'run' };
  const paths = pathsOf(place);
  mkdirSync(paths.beside, { recursive: true });
  const settings = { place, port: 5432, restoreCommand, inclusive: true, timeline: 'latest' };
  const configured = await configureRecovery(settings, '');
  const programs = await findNewestPrograms(processes);
  if (!configured.ok || !programs.ok) throw new Error(JSON.stringify([configured, programs]));
  const asked = ['-C', 'restore_command', '-D', paths.data, '-c', `config_file=${paths.settings}`];
  const said = execFileSync(join(programs.value.folder, 'postgres'), asked);
  return said.toString('utf8').replace(/\n$/, '');
}

/** As the server does it: see BuildRestoreCommand in xlogarchive.c. */
function fillIn(command: string, values: Readonly<Record<string, string>>): string {
  return command.replaceAll(/%(.)/g, (whole, sign: string) => values[sign] ?? whole);
}

describe('The command that brings a segment back', () => {
  it('copies it out of a folder with any name, through configuration, placeholders and shell', async () => {
    const place = { folder: join(scratch, awkward), runId: 'run' };
    const { wal } = pathsOf(place);
    mkdirSync(wal, { recursive: true });
    writeFileSync(join(wal, '000000010000000000000001'), 'a segment');
    const command = tools.folderCommand(place);
    expect(await readByServer(command)).toBe(command);
    const filled = fillIn(command, { f: '000000010000000000000001', p: 'brought', '%': '%' });
    execFileSync('/bin/sh', ['-c', filled], { cwd: scratch });
    expect(readFileSync(join(scratch, 'brought'), 'utf8')).toBe('a segment');
  });

  it('gives pgBackRest the names of the runbook as they are', async () => {
    const config = {
      engine: 'pgbackrest' as const,
      configFile: `/etc/${awkward}/pgbackrest.conf`,
      stanza: 'port nimara',
    };
    const place = { folder: join(scratch, awkward), runId: 'run' };
    const command = tools.repositoryCommand(config, place);
    expect(await readByServer(command)).toBe(command);
    const filled = fillIn(command, { f: '00000002.history', p: 'pg_wal/x', '%': '%' });
    const seen = execFileSync('/bin/sh', ['-c', `pgbackrest() { printf '%s\\0' "$@"; }\n${filled}`]).toString(
      'utf8',
    );
    expect(seen.split('\0').slice(0, -1)).toEqual([
      `--config=${config.configFile}`,
      '--stanza=port nimara',
      '--log-level-file=off',
      `--pg1-path=${place.folder}`,
      'archive-get',
      '00000002.history',
      'pg_wal/x',
    ]);
  });
});
