import type { Outcome } from '../base/failure.ts';

/** A channel as the runbook has it, filled. Only its kind reads more of it (`adapters/alerts/<kind>.ts`). */
export type AlertChannelConfig = { readonly kind: string; readonly [field: string]: unknown };

export type Alert = {
  /** `healthy` ends an alarm where the channel knows that it rang. */
  readonly severity: 'critical' | 'warning' | 'healthy';
  /** One line: what, and how bad. */
  readonly subject: string;
  /** Whole sentences, one finding each, with its remedy. */
  readonly lines: readonly string[];
  /** The same for the same trouble, so that an hourly check rings once. */
  readonly dedupKey: string;
  /** Which host says so. */
  readonly source: string;
  readonly atMs: number;
};

/**
 * Tells people. No failure names a webhook's path or a key: both are secrets. Failures: unreachable, denied, command-failed,
 * invalid-input.
 */
export type AlertChannel = {
  /** For people: Slack webhook at hooks.slack.com. */
  readonly name: string;
  /** Whether it takes alerts of this severity at all. */
  wants(severity: Alert['severity']): boolean;
  send(alert: Alert): Promise<Outcome<void>>;
};
