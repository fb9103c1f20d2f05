import type { Outcome } from '../base/failure.ts';
import type { Secret } from '../base/secret.ts';

export type RecordType = 'TXT' | 'MX' | 'A' | 'AAAA' | 'CNAME';

export type ProbeMail = {
  readonly host: string;
  readonly port: number;
  /** tls: from the first byte. starttls: refused where the server does not offer it. none: for a server of this host alone. */
  readonly security: 'tls' | 'starttls' | 'none';
  readonly user?: string;
  readonly password?: Secret;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
};

/** What a server said to a mail it took. Taken is not delivered: that shows in the mailbox alone. */
export type TakenMail = { readonly answer: string; readonly messageId: string };

/** What the outside sees of a mail domain, and the way a mail takes out of here. */
export type MailTools = {
  /**
   * Records of a name, empty where there are none: a TXT in one piece, an MX as `10 mx.example.org`. Failures: unreachable.
   *
   * @param request.server address or address:port of the server to ask; the host's own resolver when left out.
   */
  lookUp(request: {
    readonly name: string;
    readonly type: RecordType;
    readonly server?: string;
  }): Promise<Outcome<readonly string[]>>;
  /** Failures: unreachable, denied (login), command-failed (refused, with the server's code and words). */
  send(mail: ProbeMail): Promise<Outcome<TakenMail>>;
};
