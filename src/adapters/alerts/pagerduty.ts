import { fail } from '../../base/failure.ts';
import { placeholder, text } from '../../platform/declare-fields.ts';
import type { Alert } from '../../ports/alert-channel.ts';
import { defineAlertChannel } from './alert-kind.ts';
import { hostOf, postJson, undelivered } from './post-json.ts';

/** Longer summaries are refused. */
const longestSummary = 1024;

/** Events API v2. Only what is critical wakes somebody; being healthy again ends the incident. */
export const pagerduty = defineAlertChannel({
  kind: 'pagerduty',
  about: 'An incident of PagerDuty, opened when something is critical and closed when all is well again.',
  fields: {
    routingKey: text.describe('Integration key of a service, Events API v2'),
    url: text
      .default('https://events.pagerduty.com/v2/enqueue')
      .describe('Where events go; another one in the region of the European Union'),
  },
  secrets: ['routingKey'],
  example: { routingKey: placeholder('PAGERDUTY_KEY') },
  leftOutWithout: 'routingKey',
  open({ routingKey, url }) {
    const host = hostOf(url);
    const name = `PagerDuty at ${host ?? 'an unreadable URL'}`;
    return {
      name,
      wants: (severity) => severity !== 'warning',
      send: async (alert) => {
        if (host === undefined)
          return fail({ ...undelivered(name, 'it is no http:// or https:// URL'), code: 'invalid-input' });
        return postJson({ url, name, body: toEvent(alert, routingKey) });
      },
    };
  },
});

function toEvent(alert: Alert, routingKey: string) {
  const event = { routing_key: routingKey, dedup_key: alert.dedupKey };
  if (alert.severity === 'healthy') return { ...event, event_action: 'resolve' };
  return {
    ...event,
    event_action: 'trigger',
    payload: {
      summary: alert.subject.slice(0, longestSummary),
      source: alert.source,
      severity: alert.severity,
      timestamp: new Date(alert.atMs).toISOString(),
      component: 'backup',
      custom_details: { findings: alert.lines },
    },
  };
}
