import type { ScheduleFormat } from '../backups/schedule.ts';
import { cron } from '../backups/schedules/cron.ts';
import { systemd } from '../backups/schedules/systemd.ts';

/** Every scheduler that `thaw schedule` writes for, one line each; the first is the default. */
export const scheduleFormats: readonly [ScheduleFormat, ...ScheduleFormat[]] = [cron, systemd];
