import { succeed } from '../../src/base/failure.ts';
import type { MailTools, ProbeMail } from '../../src/ports/mail.ts';

export type FakeMailTools = MailTools & {
  /** By `TYPE name`. */
  readonly records: Map<string, readonly string[]>;
  readonly sent: ProbeMail[];
};

/** A name server and a mail server that are only remembered. */
export function createFakeMailTools(): FakeMailTools {
  const records = new Map<string, readonly string[]>();
  const sent: ProbeMail[] = [];
  return {
    records,
    sent,
    lookUp: async ({ name, type }) => succeed(records.get(`${type} ${name}`) ?? []),
    send: async (mail) => {
      sent.push(mail);
      return succeed({ answer: '250 queued as 4711', messageId: '<1@thaw>' });
    },
  };
}
