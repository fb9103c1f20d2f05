import { openAlertChannel } from '../adapters/alerts/open-alert-channel.ts';
import type { JobState } from '../backups/job-state.ts';
import { type Failure, type Outcome, succeed } from '../base/failure.ts';
import { createSecret } from '../base/secret.ts';
import type { Alert, AlertChannel, AlertChannelConfig } from '../ports/alert-channel.ts';
import type { AlertField } from '../runbook/producer-schema.ts';

/**
 * Tells people: once when a trouble begins, and once when the last one has ended, each channel for itself, so that what did not
 * arrive is tried again. Every channel is tried, whatever became of the others.
 *
 * @param request.troubles names of what is wrong now; none means that all is well.
 * @returns what each channel knows now, and what did not arrive.
 */
export async function sendAlerts(request: {
  readonly alerts: readonly AlertField[];
  readonly alert: Alert;
  readonly troubles: readonly string[];
  readonly rang: JobState['rang'];
  /** Channels that take good news are told each time: a pager closes its incident by it. */
  readonly sayHealthy: boolean;
}): Promise<{ readonly rang: JobState['rang']; readonly undelivered: readonly Failure[] }> {
  const { alert, troubles, sayHealthy } = request;
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

/** The channels of the runbook's monitor section, with every placeholder filled. */
export function openAlerts(alerts: readonly AlertField[]): readonly AlertChannel[] {
  return alerts.filter(isFilled).map((alert) => openAlertChannel(resolve(alert)));
}

/** A placeholder that came out empty leaves the channel out: not every host that monitors has a pager. */
function isFilled(alert: AlertField): boolean {
  switch (alert.kind) {
    case 'slack':
      return alert.webhook !== '';
    case 'pagerduty':
      return alert.routingKey !== '';
    case 'email':
      return alert.server !== '';
  }
}

function resolve(alert: AlertField): AlertChannelConfig {
  switch (alert.kind) {
    case 'slack':
      return { kind: 'slack', webhook: createSecret(alert.webhook) };
    case 'pagerduty':
      return { kind: 'pagerduty', routingKey: createSecret(alert.routingKey), url: alert.url };
    case 'email':
      return {
        kind: 'email',
        server: alert.server,
        user: alert.user || undefined,
        password: alert.password ? createSecret(alert.password) : undefined,
        from: alert.from,
        to: alert.to,
      };
  }
}
