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
  | 'no-http'
  | 'proxy';

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
  ERR_PROXY_TUNNEL: 'proxy',
  ERR_PROXY_INVALID_CONFIG: 'proxy',
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
 * @param peer.certificate what it shows of itself, in words (`describeCertificate`), where it is a certificate that is not taken.
 * @returns undefined where the code speaks of something else than the way to the other side.
 */
export function networkMeaning(code: string | undefined, peer: Peer): Meaning | undefined {
  const trouble = networkTrouble(code);
  if (trouble === undefined) return undefined;
  if (trouble === 'untrusted') return untrusted(code, peer);
  const [because, remedy, retry] = meaningOf(trouble, peer);
  return ['unreachable', because, remedy, retry];
}

type Peer = { readonly host: string; readonly role: string; readonly certificate?: string | undefined };

/** Expired, for another name, or of an authority that nobody here knows: each is mended elsewhere. */
function untrusted(code: string | undefined, { host, role, certificate }: Peer): Meaning {
  const which = `the certificate of ${host}${certificate === undefined ? '' : ` (${certificate})`}`;
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const because = `${which} ${code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'} (${code})`;
    const remedy = `Renew the certificate of the ${role}; if it is in order, set this host's clock (timedatectl set-ntp true).`;
    return ['unreachable', because, remedy, 'after-fix'];
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH') {
    const remedy = `Reach the ${role} by a host name that its certificate is for.`;
    return ['unreachable', `${which} is not for that name (${code})`, remedy, 'after-fix'];
  }
  return [
    'unreachable',
    `${which} is not trusted (${code})`,
    `Name a file with the certificate of the authority that issued it in SSL_CERT_FILE, AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS.`,
    'after-fix',
  ];
}

function meaningOf(
  trouble: Exclude<Trouble, 'untrusted'>,
  { host, role }: Peer,
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
    case 'proxy':
      return [
        `the proxy does not lead to ${host}`,
        `Check HTTPS_PROXY and what the proxy allows, or name the host of the ${role} in NO_PROXY to reach it directly.`,
        'after-fix',
      ];
  }
}
