import { shellWord } from '../base/quoting.ts';
export type ScheduledJob = {
  readonly name: 'backup' | 'monitor' | 'verify' | 'drill' | 'prune';
  readonly about: string;
  /** Minute, hour, day, month, weekday: all in the time zone of the host. */
  readonly cron: string;
  readonly onCalendar: string;
  readonly args: readonly string[];
};

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** How often a backup has to be taken, so that none is ever older than the objective when the next one is ready. */
function backupTimes(rpoMs: number): Pick<ScheduledJob, 'cron' | 'onCalendar'> {
  if (rpoMs < hourMs) {
    const minutes = [30, 20, 15, 10, 5].find((one) => one * minuteMs < rpoMs) ?? 5;
    return { cron: `*/${minutes} * * * *`, onCalendar: `*-*-* *:00/${minutes}:00` };
  }
  const hours = [24, 12, 8, 6, 4, 3, 2, 1].find((one) => one * hourMs <= rpoMs) ?? 1;
  if (hours === 24) return { cron: '7 2 * * *', onCalendar: '*-*-* 02:07:00' };
  if (hours === 1) return { cron: '7 * * * *', onCalendar: '*-*-* *:07:00' };
  return { cron: `7 */${hours} * * *`, onCalendar: `*-*-* 00/${hours}:07:00` };
}

/** Offset against each other, so that no two fight for the disk at the same minute. */
export function planSchedule(request: {
  readonly runbook: string;
  readonly rpoMs: number;
  readonly hasDrill: boolean;
  readonly hasRetention: boolean;
  /** Options every job takes: --env-file, --log-dir. */
  readonly options: readonly string[];
}): readonly ScheduledJob[] {
  const { runbook, rpoMs, hasDrill, hasRetention, options } = request;
  const job = (name: ScheduledJob['name'], more: readonly string[] = []) => ({
    name,
    args: [name, runbook, ...more, ...options],
  });
  return [
    {
      ...job('backup'),
      about: 'a snapshot with its manifest, often enough for the RPO',
      ...backupTimes(rpoMs),
    },
    {
      ...job('monitor'),
      about: 'metrics and alerts; also when the backup itself never ran',
      cron: '37 * * * *',
      onCalendar: '*-*-* *:37:00',
    },
    {
      ...job('verify', ['--latest', ...(hasDrill ? ['--restore'] : [])]),
      about: 'digest, decryption, contents, and a restore into a throwaway database',
      cron: '47 */6 * * *',
      onCalendar: '*-*-* 00/6:47:00',
    },
    ...(hasDrill
      ? [
          {
            ...job('drill', ['--plain', '--yes', '--snapshot', 'latest']),
            about: 'the whole walk on throwaway targets, with a record',
            cron: '0 3 * * 0',
            onCalendar: 'Sun *-*-* 03:00:00',
          },
        ]
      : []),
    ...(hasRetention
      ? [{ ...job('prune'), about: 'retention', cron: '23 4 * * *', onCalendar: '*-*-* 04:23:00' }]
      : []),
  ];
}

/** For crontab -e. Output goes to a file, and what goes wrong to the mail of cron: MAILTO. */
export function toCrontab(
  jobs: readonly ScheduledJob[],
  where: { readonly folder: string; readonly program: readonly string[]; readonly logFile: string },
): string {
  const lines = jobs.flatMap(({ about, cron, args }) => [
    `# ${about}`,
    `${cron} cd ${cronWord(where.folder)} && ${[...where.program, ...args].map(cronWord).join(' ')} >> ${cronWord(where.logFile)} 2>&1`,
  ]);
  return `${lines.join('\n')}\n`;
}

/**
 * A percent sign is a line break to cron, and a backslash before it takes that away; some take one of two backslashes, too. Empty quotes
 * keep a backslash of the word apart from what follows it.
 */
function cronWord(text: string): string {
  return shellWord(text)
    .replaceAll(/\\(?=[\\%])/g, "\\''")
    .replaceAll('%', '\\%');
}

/** A service and a timer for each job, with the paths they go to. */
export function toSystemdUnits(
  jobs: readonly ScheduledJob[],
  where: { readonly name: string; readonly folder: string; readonly program: readonly string[] },
): string {
  return jobs
    .map(({ name, about, onCalendar, args }) => {
      const unit = `thaw-${where.name}-${name}`;
      return [
        `# /etc/systemd/system/${unit}.service`,
        '[Unit]',
        `Description=thaw ${name} of ${where.name}: ${about.replaceAll('%', '%%')}`,
        'Wants=network-online.target',
        'After=network-online.target',
        '',
        '[Service]',
        'Type=oneshot',
        `WorkingDirectory=${where.folder.replaceAll('%', '%%')}`,
        `ExecStart=${[...where.program, ...args].map(systemdWord).join(' ')}`,
        'Nice=10',
        'IOSchedulingClass=idle',
        '',
        `# /etc/systemd/system/${unit}.timer`,
        '[Unit]',
        `Description=When ${unit} runs`,
        '',
        '[Timer]',
        `OnCalendar=${onCalendar}`,
        // A host that slept through its hour makes up for it.
        'Persistent=true',
        '',
        '[Install]',
        'WantedBy=timers.target',
        '',
      ].join('\n');
    })
    .join('\n');
}

function systemdWord(text: string): string {
  const escaped = text.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@+=:,./%$-]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
