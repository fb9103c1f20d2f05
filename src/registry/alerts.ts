import type { AlertKind } from '../adapters/alerts/alert-kind.ts';
import { email } from '../adapters/alerts/email.ts';
import { pagerduty } from '../adapters/alerts/pagerduty.ts';
import { slack } from '../adapters/alerts/slack.ts';
import type { AlertChannel, AlertChannelConfig } from '../ports/alert-channel.ts';
import { kindOf } from './kind-of.ts';

/** Every way to tell people, one line each. */
export const alertKinds: readonly AlertKind[] = [slack, email, pagerduty];

/** The channels of the runbook's monitor section, with every placeholder filled. */
export function openAlerts(alerts: readonly AlertChannelConfig[]): readonly AlertChannel[] {
  return alerts.flatMap((alert) => kindOf(alertKinds, alert).open(alert) ?? []);
}
