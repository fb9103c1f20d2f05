import { fail } from '../../base/failure.ts';
import type { Secret } from '../../base/secret.ts';
import type { AlertChannel } from '../../ports/alert-channel.ts';
import { hostOf, postJson, undelivered } from './post-json.ts';

/** Longer summaries are refused. */
const longestSummary = 1024;

/** Events API v2. Only what is critical wakes somebody; being healthy again ends the incident. */
export function openPagerdutyChannel(config: {
  readonly routingKey: Secret;
  readonly url: string;
}): AlertChannel {
  const host = hostOf(config.url);
  const name = `PagerDuty at ${host ?? 'an unreadable URL'}`;
  return {
    name,
    wants: (severity) => severity !== 'warning',
    send: async (alert) => {
      if (host === undefined)
        return fail({ ...undelivered(name, 'it is no http:// or https:// URL'), code: 'invalid-input' });
      const event = { routing_key: config.routingKey.reveal(), dedup_key: alert.dedupKey };
      const body =
        alert.severity === 'healthy'
          ? { ...event, event_action: 'resolve' }
          : {
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
      return postJson({ url: config.url, name, body });
    },
  };
}
