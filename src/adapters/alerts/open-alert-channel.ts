import type { AlertChannel, AlertChannelConfig } from '../../ports/alert-channel.ts';
import { openEmailChannel } from './email-channel.ts';
import { openPagerdutyChannel } from './pagerduty-channel.ts';
import { openSlackChannel } from './slack-channel.ts';

export function openAlertChannel(config: AlertChannelConfig): AlertChannel {
  switch (config.kind) {
    case 'slack':
      return openSlackChannel(config);
    case 'email':
      return openEmailChannel(config);
    case 'pagerduty':
      return openPagerdutyChannel(config);
  }
}
