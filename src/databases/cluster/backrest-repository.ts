import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type {
  ClusterPlace,
  PgBackRestConfig,
  Repository,
  RepositoryBackup,
  RepositoryRestore,
} from '../../ports/cluster-tools.ts';

/** What every call of pgBackRest begins with: its own configuration, and nothing written where an operator has no rights. */
export function backrestArgs(config: PgBackRestConfig, place?: ClusterPlace): readonly string[] {
  return [
    `--config=${config.configFile}`,
    `--stanza=${config.stanza}`,
    '--log-level-file=off',
    ...(place === undefined ? [] : [`--pg1-path=${place.folder}`]),
  ];
}

export function infoArgs(config: PgBackRestConfig): readonly string[] {
  return [...backrestArgs(config), '--output=json', 'info'];
}

/** preserve: the recovery settings are ours to write, and switch archiving off. delta: an interrupted restore goes on. */
export function restoreArgs({ config, place, label }: RepositoryRestore): readonly string[] {
  const how = ['--delta', '--type=preserve', '--log-level-console=info', `--set=${label}`];
  return [...backrestArgs(config, place), ...how, 'restore'];
}

type Info = {
  readonly archive?: readonly {
    readonly min?: string | null;
    readonly max?: string | null;
    readonly id?: string;
  }[];
  readonly backup?: readonly {
    readonly label: string;
    readonly type: string;
    readonly error?: boolean;
    readonly timestamp: { readonly start: number; readonly stop: number };
    readonly archive: { readonly start: string };
    readonly info: { readonly size: number };
  }[];
  readonly db?: readonly { readonly version: string }[];
  readonly status?: { readonly code: number; readonly message: string };
};

/** The JSON of `pgbackrest info` for one stanza. */
export function readRepository(text: string, config: PgBackRestConfig): Outcome<Repository> {
  const stanza = parse(text)[0];
  const version = stanza?.db?.at(-1)?.version;
  const backups = (stanza?.backup ?? []).filter(({ error }) => error !== true).map(toBackup);
  if (stanza === undefined || version === undefined || backups.length === 0) {
    return fail({
      code: 'not-found',
      message: `pgBackRest knows no backup of stanza ${config.stanza}: ${stanza?.status?.message ?? 'its answer is empty'}.`,
      remedy: `Check the stanza and the repository in ${config.configFile}.`,
      retry: 'after-fix',
    });
  }
  const archive = stanza.archive?.at(-1);
  return succeed({
    backups: backups.sort((a, b) => b.endedAtMs - a.endedAtMs),
    // 9.6 and before counted otherwise; this tool begins at 13.
    major: Number.parseInt(version, 10),
    firstSegment: archive?.min ?? undefined,
    lastSegment: archive?.max ?? undefined,
  });
}

function toBackup(backup: NonNullable<Info['backup']>[number]): RepositoryBackup {
  return {
    label: backup.label,
    kind: backup.type,
    startedAtMs: backup.timestamp.start * 1000,
    endedAtMs: backup.timestamp.stop * 1000,
    sizeBytes: backup.info.size,
    startSegment: backup.archive.start,
  };
}

function parse(text: string): readonly Info[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    // Not JSON: the caller says that the answer is empty, with the program's own words beside it.
    return [];
  }
}
