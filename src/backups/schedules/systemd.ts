import type { ScheduledJob, ScheduledPlace, ScheduleFormat, When } from '../schedule.ts';

export const systemd: ScheduleFormat = {
  kind: 'systemd',
  about: 'a service and a timer for each job, with the paths they go to',
  render: (jobs, place) => jobs.map((job) => toUnits(job, place)).join('\n'),
};

function toUnits({ name, about, when, args }: ScheduledJob, place: ScheduledPlace): string {
  const unit = `thaw-${place.name}-${name}`;
  return [
    `# /etc/systemd/system/${unit}.service`,
    '[Unit]',
    `Description=thaw ${name} of ${place.name}: ${about.replaceAll('%', '%%')}`,
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    'Type=oneshot',
    `WorkingDirectory=${place.folder.replaceAll('%', '%%')}`,
    `ExecStart=${[...place.program, ...args].map(systemdWord).join(' ')}`,
    'Nice=10',
    'IOSchedulingClass=idle',
    '',
    `# /etc/systemd/system/${unit}.timer`,
    '[Unit]',
    `Description=When ${unit} runs`,
    '',
    '[Timer]',
    `OnCalendar=${toCalendar(when)}`,
    // A host that slept through its hour makes up for it.
    'Persistent=true',
    '',
    '[Install]',
    'WantedBy=timers.target',
    '',
  ].join('\n');
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** systemd.time(7): 00/6 is every sixth hour from midnight on. */
function toCalendar(when: When): string {
  const two = (number: number) => String(number).padStart(2, '0');
  switch (when.every) {
    case 'some minutes':
      return `*-*-* *:00/${when.minutes}:00`;
    case 'some hours':
      return `*-*-* ${when.hours === 1 ? '*' : `00/${when.hours}`}:${two(when.minute)}:00`;
    case 'day':
      return `*-*-* ${two(when.hour)}:${two(when.minute)}:00`;
    case 'week':
      return `${weekdays[when.weekday]} *-*-* ${two(when.hour)}:${two(when.minute)}:00`;
  }
}

function systemdWord(text: string): string {
  const escaped = text.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@+=:,./%$-]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
