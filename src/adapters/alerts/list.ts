import { type Kinds, kindOf } from '../../platform/declare-fields.ts';
import type { AlertChannel, AlertChannelConfig } from '../../ports/alert-channel.ts';
import type { AlertKind } from './alert-kind.ts';
import { email } from './email.ts';
import { pagerduty } from './pagerduty.ts';
import { slack } from './slack.ts';

/** Every way to tell people, one line each. */
export const alertKinds: Kinds<AlertKind> = [slack, email, pagerduty];

/** The channels of the runbook's monitor section, with every placeholder filled. */
export function openAlerts(alerts: readonly AlertChannelConfig[]): readonly AlertChannel[] {
  return alerts.flatMap((alert) => kindOf(alertKinds, alert).open(alert) ?? []);
}
