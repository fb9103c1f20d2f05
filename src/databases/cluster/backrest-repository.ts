import { z } from 'zod';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { parseJson } from '../../base/parse-json.ts';
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

const backupSchema = z.object({
  label: z.string(),
  type: z.string(),
  error: z.boolean().nullish(),
  timestamp: z.object({ start: z.number(), stop: z.number() }),
  /** None where the backup was made without a look at the archive. */
  archive: z.object({ start: z.string().nullable() }),
  info: z.object({ size: z.number() }),
});

const stanzaSchema = z.object({
  archive: z.array(z.object({ min: z.string().nullish(), max: z.string().nullish() })).default([]),
  backup: z.array(backupSchema).default([]),
  db: z.array(z.object({ version: z.string() })).default([]),
  status: z.object({ message: z.string() }).optional(),
});

/** The JSON of `pgbackrest info` for one stanza. */
export function readRepository(text: string, config: PgBackRestConfig): Outcome<Repository> {
  // What is no such JSON counts as an empty answer.
  const stanza = z.array(stanzaSchema).safeParse(parseJson(text)).data?.[0];
  const version = stanza?.db.at(-1)?.version;
  const backups = (stanza?.backup ?? []).filter(({ error }) => error !== true).map(toBackup);
  if (stanza === undefined || version === undefined || backups.length === 0) {
    return fail({
      code: 'not-found',
      message: `pgBackRest knows no backup of stanza ${config.stanza}: ${stanza?.status?.message ?? 'its answer is empty'}.`,
      remedy: `Check the stanza and the repository in ${config.configFile}.`,
      retry: 'after-fix',
    });
  }
  const archive = stanza.archive.at(-1);
  return succeed({
    backups: backups.sort((a, b) => b.endedAtMs - a.endedAtMs),
    // 9.6 and before counted otherwise; this tool begins at 13.
    major: Number.parseInt(version, 10),
    firstSegment: archive?.min ?? undefined,
    lastSegment: archive?.max ?? undefined,
  });
}

function toBackup(backup: z.infer<typeof backupSchema>): RepositoryBackup {
  return {
    label: backup.label,
    kind: backup.type,
    startedAtMs: backup.timestamp.start * 1000,
    endedAtMs: backup.timestamp.stop * 1000,
    sizeBytes: backup.info.size,
  };
}
