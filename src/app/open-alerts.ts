import { openAlertChannel } from '../adapters/alerts/open-alert-channel.ts';
import { createSecret } from '../base/secret.ts';
import type { AlertChannel, AlertChannelConfig } from '../ports/alert-channel.ts';
import type { AlertField } from '../runbook/producer-schema.ts';

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
