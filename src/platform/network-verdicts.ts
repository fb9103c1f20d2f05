import { type Row, toVerdict, type Verdict } from './verdict-row.ts';

const untrusted: Row = [
  'unreachable',
  'the certificate of {host} is not trusted ({answer})',
  "Name the store's certificate authority in NODE_EXTRA_CA_CERTS, or use the host name the certificate is for.",
  'after-fix',
];
const noHost: Row = [
  'unreachable',
  'the name of {host} cannot be resolved',
  "Check the endpoint, and this host's DNS.",
  'after-fix',
];
const noRoute: Row = [
  'unreachable',
  'there is no way to {host}',
  'Check the endpoint, the network and its firewalls.',
  'after-fix',
];
const brokenOff: Row = [
  'unreachable',
  'the connection to {host} broke off',
  'Try again; if it repeats, check the network path to the store.',
  'safe',
];

/** Codes of Node's sockets, DNS and TLS. */
const networkCodes: Readonly<Record<string, Row>> = {
  ECONNREFUSED: [
    'unreachable',
    'nothing answers at {host}',
    'Start the store, or correct the endpoint and its port.',
    'after-fix',
  ],
  ENOTFOUND: noHost,
  EAI_AGAIN: noHost,
  EHOSTUNREACH: noRoute,
  ENETUNREACH: noRoute,
  ECONNRESET: brokenOff,
  ECONNABORTED: brokenOff,
  EPIPE: brokenOff,
  ERR_STREAM_PREMATURE_CLOSE: brokenOff,
  ETIMEDOUT: [
    'unreachable',
    '{host} does not answer in time',
    'Check the endpoint, the network and its firewalls.',
    'safe',
  ],
  TimeoutError: [
    'unreachable',
    '{host} does not answer in time',
    'Check the endpoint, the network and its firewalls.',
    'safe',
  ],
  EPROTO: [
    'unreachable',
    '{host} does not speak TLS as expected',
    'Check whether the endpoint begins with http:// or https://.',
    'after-fix',
  ],
  CERT_HAS_EXPIRED: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  ERR_TLS_CERT_ALTNAME_INVALID: untrusted,
  HPE_INVALID_CONSTANT: [
    'unreachable',
    '{host} does not speak HTTP',
    'Check the port and whether the endpoint begins with http:// or https://.',
    'after-fix',
  ],
};

export function verdictOfNetworkCode(code: string): Verdict | undefined {
  return toVerdict(networkCodes[code]);
}
