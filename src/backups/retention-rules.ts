/** How many periods of each kind keep their newest snapshot. */
export type RetentionRules = {
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
  readonly floor: number;
};

const none = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 3 };

/** What the systems we know keep, as their own documents say it. */
export const knownRetentions = {
  /** 7 days hourly and 30 days daily. */
  'port-nimara-crm': { ...none, hourly: 7 * 24, daily: 30 },
  /** 7 daily, 4 weekly, 12 monthly. */
  'corporate-intel': { ...none, daily: 7, weekly: 4, monthly: 12 },
  /** 30 daily, 12 monthly. */
  'whatsapp-mcp': { ...none, daily: 30, monthly: 12 },
  /** 30 daily, 12 monthly, 10 yearly: accounting is kept for ten years by law. */
  'dolibarr-erp': { ...none, daily: 30, monthly: 12, yearly: 10 },
  /** find -mtime +30. */
  nmia: { ...none, daily: 30 },
} as const satisfies Readonly<Record<string, RetentionRules>>;

export type KnownRetention = keyof typeof knownRetentions;
