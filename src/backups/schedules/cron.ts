import { shellWord } from '../../base/quoting.ts';
import type { ScheduleFormat, When } from '../schedule.ts';

export const cron: ScheduleFormat = {
  kind: 'cron',
  about: 'lines for crontab -e; what goes wrong comes by the mail of cron (MAILTO)',
  render(jobs, { folder, program, logFile }) {
    const lines = jobs.flatMap(({ about, when, args }) => [
      `# ${about}`,
      `${toFields(when)} cd ${cronWord(folder)} && ${[...program, ...args].map(cronWord).join(' ')} >> ${cronWord(logFile)} 2>&1`,
    ]);
    return `${lines.join('\n')}\n`;
  },
};

/** Minute, hour, day, month, weekday. */
function toFields(when: When): string {
  switch (when.every) {
    case 'some minutes':
      return `*/${when.minutes} * * * *`;
    case 'some hours':
      return `${when.minute} ${when.hours === 1 ? '*' : `*/${when.hours}`} * * *`;
    case 'day':
      return `${when.minute} ${when.hour} * * *`;
    case 'week':
      return `${when.minute} ${when.hour} * * ${when.weekday}`;
  }
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
