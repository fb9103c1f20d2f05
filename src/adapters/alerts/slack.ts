import { fail } from '../../base/failure.ts';
import { placeholder, text } from '../../platform/declare-fields.ts';
import type { Alert } from '../../ports/alert-channel.ts';
import { defineAlertChannel } from './alert-kind.ts';
import { hostOf, postJson, undelivered } from './post-json.ts';

/** Mattermost, Rocket.Chat and others take the same: a text, with Slack's own marks in it. */
export const slack = defineAlertChannel({
  kind: 'slack',
  about: 'A webhook of Slack, Mattermost or Rocket.Chat.',
  fields: { webhook: text.describe('Any webhook that takes {"text": …}') },
  secrets: ['webhook'],
  example: { webhook: placeholder('ALERT_WEBHOOK') },
  leftOutWithout: 'webhook',
  open({ webhook }) {
    const host = hostOf(webhook);
    const name = `Slack webhook at ${host ?? 'an unreadable URL'}`;
    return {
      name,
      wants: (severity) => severity !== 'healthy',
      send: async (alert) => {
        if (host === undefined)
          return fail({ ...undelivered(name, 'it is no http:// or https:// URL'), code: 'invalid-input' });
        return postJson({ url: webhook, name, body: { text: toText(alert) } });
      },
    };
  },
});

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
