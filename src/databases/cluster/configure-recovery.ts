import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { serverSetting } from '../../base/quoting.ts';
import type { RecoverySettings } from '../../ports/cluster-tools.ts';
import { makeServerFolders, pathsOf } from './cluster-place.ts';
import { readControlLines } from './control-data.ts';

/** On a standby none of these may be smaller than on the cluster that wrote the WAL; its control file tells them. */
const atLeast: Readonly<Record<string, string>> = {
  'max_connections setting': 'max_connections',
  'max_worker_processes setting': 'max_worker_processes',
  'max_wal_senders setting': 'max_wal_senders',
  'max_prepared_xacts setting': 'max_prepared_transactions',
  'max_locks_per_xact setting': 'max_locks_per_transaction',
};

/**
 * The new cluster starts with a configuration of its own. That of the lost one would go on archiving into its archive, or
 * replicate from somewhere; it is kept beside it. The server looks for postgresql.auto.conf in its data folder whatever it
 * is told, so an empty one takes its place.
 */
export async function configureRecovery(
  settings: RecoverySettings,
  controlText: string,
): Promise<Outcome<readonly string[]>> {
  const paths = pathsOf(settings.place);
  try {
    await makeServerFolders(settings.place);
    const automatic = join(paths.data, 'postgresql.auto.conf');
    const kept = join(paths.beside, 'postgresql.auto.conf.of-the-lost-cluster');
    const before = await readFile(kept, 'utf8').catch(() => undefined);
    if (before === undefined) {
      await rename(automatic, kept).catch(() => writeFile(kept, ''));
      await rm(join(paths.data, 'standby.signal'), { force: true });
      // A copy of a running server holds its process id. Only now: later it is that of our own server, and its only guard.
      await rm(join(paths.data, 'postmaster.pid'), { force: true });
    }
    await writeFile(automatic, '');
    await writeFile(paths.settings, writeSettings(settings, readControlLines(controlText)));
    await writeFile(paths.access, accessRules);
    await writeFile(join(paths.data, 'recovery.signal'), '');
    return succeed(settingNames(await readFile(kept, 'utf8')));
  } catch (error) {
    return fail(describeFileFailure({ doing: `configure the cluster in ${paths.data}`, error }));
  }
}

/** The socket lies in a folder that only the server's user can enter; over the network a password is asked for. */
const accessRules = [
  'local all all trust',
  'host all all 127.0.0.1/32 scram-sha-256',
  'host all all ::1/128 scram-sha-256',
  '',
].join('\n');

function writeSettings(settings: RecoverySettings, control: ReadonlyMap<string, string>): string {
  const paths = pathsOf(settings.place);
  const sizes = Object.entries(atLeast).flatMap(([line, name]) => {
    const value = control.get(line);
    return value === undefined ? [] : [[name, value] as const];
  });
  const target =
    settings.targetTimeMs === undefined
      ? []
      : ([
          ['recovery_target_time', new Date(settings.targetTimeMs).toISOString().replace('Z', '+00')],
          ['recovery_target_inclusive', settings.inclusive ? 'on' : 'off'],
          // A person looks at what came back before it becomes a timeline of its own.
          ['recovery_target_action', 'pause'],
        ] as const);
  const lines: readonly (readonly [string, string])[] = [
    ['listen_addresses', '127.0.0.1'],
    ['port', String(settings.port)],
    ['unix_socket_directories', paths.socket],
    ['hba_file', paths.access],
    ['archive_mode', 'off'],
    ['hot_standby', 'on'],
    ['restore_command', settings.restoreCommand],
    ['recovery_target_timeline', settings.timeline],
    ...target,
    ...sizes,
    ['timezone', 'UTC'],
    ['log_timezone', 'UTC'],
    // What the server says about recovery has no codes; it is read in English.
    ['lc_messages', 'C'],
    ['log_destination', 'stderr'],
    ['logging_collector', 'off'],
    ['log_line_prefix', '%m [%p] '],
  ];
  return [
    '# Written by thaw for a recovered cluster. Set what the lost one had before it serves anybody.',
    ...lines.map(([name, value]) => `${name} = ${serverSetting(value)}`),
    '',
  ].join('\n');
}

function settingNames(text: string): readonly string[] {
  return [...text.matchAll(/^\s*([a-z_][\w.]*)\s*=/gim)].map(([, name]) => name ?? '');
}
