import { z } from 'zod';
import { defineFacts } from '../../kinds/fact.ts';
import { id, optionalText, text } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';

/** Finding out why a mail does not arrive. Nothing of it changes anything, but for the probe, which is a mail. */

const domain = text.describe('The domain of the addresses: example.org');

const mailRecord = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('spf'),
      domain,
      includes: z.array(text).default([]).describe('Terms that must be in it: include:_spf.provider.example'),
    })
    .describe('Who may send for the domain'),
  z
    .strictObject({
      kind: z.literal('dkim'),
      domain,
      selector: text.describe('Of the key: the name before ._domainkey'),
    })
    .describe('The key that signs mail of the domain'),
  z
    .strictObject({
      kind: z.literal('dmarc'),
      domain,
      policy: z.enum(['none', 'quarantine', 'reject']).default('quarantine').describe('At least this'),
    })
    .describe('What receivers do with mail that is not signed'),
  z
    .strictObject({
      kind: z.literal('mx'),
      domain,
      hosts: z.array(text).default([]).describe('Hosts that must be among them'),
    })
    .describe('Who receives mail of the domain'),
  z
    .strictObject({
      kind: z.literal('txt'),
      name: text.describe('The name that is asked for'),
      contains: text.describe('Text that must be in one of its records'),
    })
    .describe('Any TXT record'),
]);

export type MailRecord = z.infer<typeof mailRecord>;

export const dnsRecordsKind = declareKind({
  kind: 'dns-records',
  title: 'Look up DNS records',
  uses: ['mail'],
  about: 'Asks the DNS for the records that mail depends on, and judges them.',
  example: '- kind: dns-records\n  records:\n    - { kind: mx, domain: example.org }',
  fields: {
    server: optionalText.describe(
      "Name server to ask, as address or address:port; this host's own when empty",
    ),
    records: z.array(mailRecord).min(1).describe('Each is looked at, and judged by its kind'),
  },
  afterCrash: 'run-again',
});

export const probeFact = defineFacts(
  'smtp-probe:',
  1,
  z.object({ answer: z.string(), messageId: z.string(), seen: z.string() }),
);

export const smtpProbeKind = declareKind({
  kind: 'smtp-probe',
  title: 'Send a probe mail',
  uses: ['host', 'mail'],
  about: 'Sends one mail the whole way: the server takes it, and a person finds it in the mailbox.',
  example:
    '- kind: smtp-probe\n  host: smtp.example.org\n  from: restore@example.org\n  to: operator@example.org',
  fields: {
    host: text.describe('The mail server that takes it'),
    port: text.default('587').describe('Its port'),
    security: z
      .string()
      .regex(/^(tls|starttls|none|\$\{[A-Z][A-Z0-9_]*\})$/, 'Write tls, starttls or none.')
      .default('starttls')
      .describe('none only for a server of this host: everything else would travel in the clear'),
    user: optionalText.describe('Whom to log in as; nobody when left out'),
    password: optionalText.describe('Of that user; write a placeholder of a secret input'),
    from: text.describe('The address it comes from'),
    to: text.describe('A mailbox that somebody can look into'),
    inDrill: z.boolean().default(false).describe('Whether a drill sends one too'),
  },
  afterCrash: 'run-again',
  gives: [probeFact],
});

export const foundFact = defineFacts('diagnosed:', 1, z.object({ value: z.string(), by: z.string() }));

export const diagnoseKind = declareKind({
  kind: 'diagnose',
  title: 'Find the cause',
  uses: ['host'],
  about: 'Asks questions in an order that somebody thought about; the first yes is the cause.',
  example:
    '- kind: diagnose\n  questions:\n    - id: redirect\n      title: Is EMAIL_REDIRECT_TO set?\n      variable: EMAIL_REDIRECT_TO\n      instructions: Look into the env file.\n      cause: Every mail goes to one mailbox.\n      remedy: Remove the variable and start the service again.',
  fields: {
    questions: z
      .array(
        z.strictObject({
          id: id.describe('Names the question in answers and in the record'),
          title: text.describe('A question whose yes is a cause: Is EMAIL_REDIRECT_TO set?'),
          variable: text
            .optional()
            .describe('Yes when this variable of production.envFile is not empty; else a person is asked'),
          instructions: text.describe('Where to look'),
          cause: text.describe('What a yes means'),
          remedy: text.describe('What to do then'),
        }),
      )
      .min(1)
      .describe('In this order; the first yes ends the search'),
  },
  afterCrash: 'run-again',
  gives: [foundFact],
  places: ({ questions }) =>
    questions.some(({ variable }) => variable !== undefined) ? ['production.envFile'] : [],
});
