import { findMeaning, type Meaning } from '../base/failure.ts';

/** What came between us and the other side, whoever that is. */
type Trouble =
  | 'refused'
  | 'no-name'
  | 'no-route'
  | 'broken-off'
  | 'too-late'
  | 'untrusted'
  | 'no-tls'
  | 'no-http';

/** Codes of Node's sockets, DNS and TLS, of its fetch, and those that nodemailer makes of them (https://nodemailer.com/errors). */
const troubles: Readonly<Record<string, Trouble>> = {
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'no-name',
  EAI_AGAIN: 'no-name',
  EDNS: 'no-name',
  EHOSTUNREACH: 'no-route',
  ENETUNREACH: 'no-route',
  ECONNECTION: 'no-route',
  ECONNRESET: 'broken-off',
  ECONNABORTED: 'broken-off',
  EPIPE: 'broken-off',
  ESOCKET: 'broken-off',
  ERR_STREAM_PREMATURE_CLOSE: 'broken-off',
  UND_ERR_SOCKET: 'broken-off',
  ETIMEDOUT: 'too-late',
  UND_ERR_CONNECT_TIMEOUT: 'too-late',
  TimeoutError: 'too-late',
  EPROTO: 'no-tls',
  ETLS: 'no-tls',
  HPE_INVALID_CONSTANT: 'no-http',
  ERR_TLS_CERT_ALTNAME_INVALID: 'untrusted',
};

const ofCertificates = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY|DECRYPT)_|HOSTNAME_MISMATCH)/;

/** @returns undefined where the code speaks of something else than the way to the other side. */
export function networkTrouble(code: string | undefined): Trouble | undefined {
  if (code === undefined) return undefined;
  if (ofCertificates.test(code)) return 'untrusted';
  return code.startsWith('ERR_SSL_') ? 'no-tls' : findMeaning(troubles, code);
}

/**
 * @param peer.host host:port, or what else stands for it in a sentence.
 * @param peer.role what the other side is to the operator: "store", "service".
 * @returns undefined where the code speaks of something else than the way to the other side.
 */
export function networkMeaning(
  code: string | undefined,
  peer: { readonly host: string; readonly role: string },
): Meaning | undefined {
  const trouble = networkTrouble(code);
  if (trouble === undefined) return undefined;
  const [because, remedy, retry] = meaningOf(trouble, peer);
  return ['unreachable', trouble === 'untrusted' ? `${because} (${code})` : because, remedy, retry];
}

function meaningOf(
  trouble: Trouble,
  { host, role }: { readonly host: string; readonly role: string },
): readonly [because: string, remedy: string, retry: Meaning[3]] {
  switch (trouble) {
    case 'refused':
      return [
        `nothing answers at ${host}`,
        `Start the ${role}, or correct its address and its port.`,
        'after-fix',
      ];
    case 'no-name':
      return [
        `the name of ${host} cannot be resolved`,
        `Check the address of the ${role}, and this host's DNS.`,
        'after-fix',
      ];
    case 'no-route':
      return [
        `there is no way to ${host}`,
        `Check the address of the ${role}, the network and its firewalls.`,
        'after-fix',
      ];
    case 'broken-off':
      return [
        `the connection to ${host} broke off`,
        `Try again; if it repeats, check the network path to the ${role}.`,
        'safe',
      ];
    case 'too-late':
      return [
        `${host} does not answer in time`,
        `Check the address of the ${role}, the network and its firewalls.`,
        'safe',
      ];
    case 'untrusted':
      return [
        `the certificate of ${host} is not trusted`,
        `Name the certificate authority of the ${role} in NODE_EXTRA_CA_CERTS, or use the host name the certificate is for.`,
        'after-fix',
      ];
    case 'no-tls':
      return [
        `${host} does not speak TLS as expected`,
        `Check whether the address of the ${role} begins with http:// or https://.`,
        'after-fix',
      ];
    case 'no-http':
      return [
        `${host} does not speak HTTP`,
        `Check the port of the ${role}, and whether its address begins with http:// or https://.`,
        'after-fix',
      ];
  }
}
