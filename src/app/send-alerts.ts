import { openAlerts } from '../adapters/alerts/list.ts';
import type { JobState } from '../backups/job-state.ts';
import { cleanText } from '../base/clean-text.ts';
import { type Failure, type Outcome, succeed } from '../base/failure.ts';
import type { Alert, AlertChannelConfig } from '../ports/alert-channel.ts';

/**
 * Tells people: once when a trouble begins, and once when the last one has ended, each channel for itself, so that what did not
 * arrive is tried again. Every channel is tried, whatever became of the others.
 *
 * @param request.troubles names of what is wrong now; none means that all is well.
 * @returns what each channel knows now, and what did not arrive.
 */
export async function sendAlerts(request: {
  readonly alerts: readonly AlertChannelConfig[];
  readonly alert: Alert;
  readonly troubles: readonly string[];
  readonly rang: JobState['rang'];
  /** Channels that take good news are told each time: a pager closes its incident by it. */
  readonly sayHealthy: boolean;
}): Promise<{ readonly rang: JobState['rang']; readonly undelivered: readonly Failure[] }> {
  const { troubles, sayHealthy } = request;
  const { subject, lines } = request.alert;
  const alert = { ...request.alert, subject: cleanText(subject), lines: lines.map(cleanText) };
  const told = await Promise.all(
    openAlerts(request.alerts).map(async (channel, index) => {
      const key = `${index} ${channel.name}`;
      const before = request.rang[key] ?? [];
      const keep = (names: readonly string[], sent: Outcome<void>) => ({ key, names: [...names], sent });
      const isNew = troubles.some((name) => !before.includes(name));
      const wanted =
        troubles.length > 0
          ? isNew && channel.wants(alert.severity)
          : before.length > 0 || (sayHealthy && channel.wants('healthy'));
      const still = troubles.length === 0 ? before : before.filter((name) => troubles.includes(name));
      if (!wanted) return keep(still, succeed(undefined));
      const sent = await channel.send(alert);
      return keep(sent.ok ? troubles : still, sent);
    }),
  );
  return {
    rang: Object.fromEntries(
      told.filter(({ names }) => names.length > 0).map(({ key, names }) => [key, names]),
    ),
    undelivered: told.flatMap(({ sent }) => (sent.ok ? [] : [sent.failure])),
  };
}
