import { z } from 'zod';
import { id, optionalText, text } from './fields.ts';

/** Finding out why a mail does not arrive. Nothing of it changes anything, but for the probe, which is a mail. */

const mailRecord = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('spf'),
    domain: text,
    includes: z.array(text).default([]).describe('Terms that must be in it: include:_spf.provider.example'),
  }),
  z.strictObject({ kind: z.literal('dkim'), domain: text, selector: text }),
  z.strictObject({
    kind: z.literal('dmarc'),
    domain: text,
    policy: z.enum(['none', 'quarantine', 'reject']).default('quarantine').describe('At least this'),
  }),
  z.strictObject({ kind: z.literal('mx'), domain: text, hosts: z.array(text).default([]) }),
  z.strictObject({ kind: z.literal('txt'), name: text, contains: text }),
]);

export type MailRecord = z.infer<typeof mailRecord>;

export const dnsRecordsFields = {
  server: optionalText.describe("Name server to ask, as address or address:port; this host's own when empty"),
  records: z.array(mailRecord).min(1),
};

export const smtpProbeFields = {
  host: text,
  port: text.default('587'),
  security: z
    .string()
    .regex(/^(tls|starttls|none|\$\{[A-Z][A-Z0-9_]*\})$/, 'Write tls, starttls or none.')
    .default('starttls')
    .describe('none only for a server of this host: everything else would travel in the clear'),
  user: optionalText,
  password: optionalText,
  from: text,
  to: text.describe('A mailbox that somebody can look into'),
  inDrill: z.boolean().default(false).describe('Whether a drill sends one too'),
};

export const diagnoseFields = {
  questions: z
    .array(
      z.strictObject({
        id,
        title: text.describe('A question whose yes is a cause: Is EMAIL_REDIRECT_TO set?'),
        variable: text
          .optional()
          .describe('Yes when this variable of production.envFile is not empty; else a person is asked'),
        instructions: text.describe('Where to look'),
        cause: text.describe('What a yes means'),
        remedy: text,
      }),
    )
    .min(1)
    .describe('In this order; the first yes ends the search'),
};
