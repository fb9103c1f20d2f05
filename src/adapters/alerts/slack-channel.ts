import { fail } from '../../base/failure.ts';
import type { Secret } from '../../base/secret.ts';
import type { Alert, AlertChannel } from '../../ports/alert-channel.ts';
import { hostOf, postJson, undelivered } from './post-json.ts';

/** Mattermost, Rocket.Chat and others take the same: a text, with Slack's own marks in it. */
export function openSlackChannel(config: { readonly webhook: Secret }): AlertChannel {
  const host = hostOf(config.webhook.reveal());
  const name = `Slack webhook at ${host ?? 'an unreadable URL'}`;
  return {
    name,
    wants: (severity) => severity !== 'healthy',
    send: async (alert) => {
      if (host === undefined)
        return fail({ ...undelivered(name, 'it is no http:// or https:// URL'), code: 'invalid-input' });
      return postJson({ url: config.webhook.reveal(), name, body: { text: toText(alert) } });
    },
  };
}

const marks = { critical: ':rotating_light:', warning: ':warning:', healthy: ':white_check_mark:' } as const;

function toText(alert: Alert): string {
  const mark = marks[alert.severity];
  const lines = alert.lines.map((line) => `• ${escapeMarks(line)}`);
  return [`${mark} *${escapeMarks(alert.subject)}* (${escapeMarks(alert.source)})`, ...lines].join('\n');
}

/** Slack reads these three as marks of its own; a name with <!channel> in it must not ring everybody. */
function escapeMarks(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
