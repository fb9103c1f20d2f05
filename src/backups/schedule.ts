/** When a job runs, in the time zone of the host. */
export type When =
  | { readonly every: 'some minutes'; readonly minutes: number }
  | { readonly every: 'some hours'; readonly hours: number; readonly minute: number }
  | { readonly every: 'day'; readonly hour: number; readonly minute: number }
  /** 0 is Sunday. */
  | { readonly every: 'week'; readonly weekday: number; readonly hour: number; readonly minute: number };

export type ScheduledJob = {
  readonly name: 'backup' | 'monitor' | 'verify' | 'drill' | 'prune';
  readonly about: string;
  readonly when: When;
  readonly args: readonly string[];
};

/** What a job is written down with. */
export type ScheduledPlace = {
  /** Of the runbook, and so of its units. */
  readonly name: string;
  readonly folder: string;
  readonly program: readonly string[];
  readonly logFile: string;
};

/** The language of one scheduler, in one file; `backups/schedules/list.ts` lists them. */
export type ScheduleFormat = {
  /** What `--for` takes. */
  readonly kind: string;
  readonly about: string;
  /** Entries to be copied. */
  render(jobs: readonly ScheduledJob[], place: ScheduledPlace): string;
};

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** How often a backup has to be taken, so that none is ever older than the objective when the next one is ready. */
function backupTimes(rpoMs: number): When {
  if (rpoMs < hourMs) {
    const minutes = [30, 20, 15, 10, 5].find((one) => one * minuteMs < rpoMs) ?? 5;
    return { every: 'some minutes', minutes };
  }
  const hours = [24, 12, 8, 6, 4, 3, 2, 1].find((one) => one * hourMs <= rpoMs) ?? 1;
  return hours === 24 ? { every: 'day', hour: 2, minute: 7 } : { every: 'some hours', hours, minute: 7 };
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
      when: backupTimes(rpoMs),
    },
    {
      ...job('monitor'),
      about: 'metrics and alerts; also when the backup itself never ran',
      when: { every: 'some hours', hours: 1, minute: 37 },
    },
    {
      ...job('verify', ['--latest', ...(hasDrill ? ['--restore'] : [])]),
      about: 'digest, decryption, contents, and a restore into a throwaway database',
      when: { every: 'some hours', hours: 6, minute: 47 },
    },
    ...(hasDrill
      ? [
          {
            ...job('drill', ['--plain', '--yes', '--snapshot', 'latest']),
            about: 'the whole walk on throwaway targets, with a record',
            when: { every: 'week' as const, weekday: 0, hour: 3, minute: 0 },
          },
        ]
      : []),
    ...(hasRetention
      ? [{ ...job('prune'), about: 'retention', when: { every: 'day' as const, hour: 4, minute: 23 } }]
      : []),
  ];
}
