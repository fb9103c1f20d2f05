import type { ScheduleFormat } from '../schedule.ts';
import { cron } from './cron.ts';
import { systemd } from './systemd.ts';

/** Every scheduler that `thaw schedule` writes for, one line each; the first is the default. */
export const scheduleFormats: readonly [ScheduleFormat, ...ScheduleFormat[]] = [cron, systemd];

export function scheduleFormatOf(kind: string): ScheduleFormat {
  return scheduleFormats.find((format) => format.kind === kind) ?? scheduleFormats[0];
}
