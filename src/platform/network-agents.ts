import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import {
  createSecureContext,
  getCACertificates,
  type PeerCertificate,
  type SecureContext,
  TLSSocket,
} from 'node:tls';
import { cleanText } from '../base/clean-text.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { describeFileFailure } from '../base/file-failure.ts';
import { passwordIn } from '../base/secret-values.ts';
import { learnSecrets } from './learned-secrets.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** How this host gets out: through which proxy, and whose certificates it believes. */
export type Agents = { readonly httpAgent: http.Agent; readonly httpsAgent: https.Agent };

/** Where the distributions keep what their administrators trust (the list of Go, crypto/x509/root_linux.go). */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Half of a fifth of a second of the processor each time: made once for each list of files, and not for what speaks without TLS. */
const contexts = new Map<string, SecureContext>();

/**
 * @param how.caFile of one store, beside AWS_CA_BUNDLE and SSL_CERT_FILE. All of them are added to what Node and the system trust.
 * @param how.keep connections stay open for the next request; left out, each request sees the server of now.
 */
export function openAgents(
  url: URL,
  how: { readonly caFile?: string | undefined; readonly keep?: { readonly maxSockets: number } } = {},
): Outcome<Agents> {
  const proxies = readProxies(process.env);
  if (!proxies.ok) return proxies;
  const { keep, caFile } = how;
  const options = { ...(keep === undefined ? {} : { keepAlive: true, ...keep }), proxyEnv: proxies.value };
  const httpAgent = new http.Agent(options);
  if (url.protocol !== 'https:') return succeed({ httpAgent, httpsAgent: new https.Agent(options) });
  const trusted = trust(caFile);
  if (!trusted.ok) return trusted;
  return succeed({ httpAgent, httpsAgent: new https.Agent({ ...options, secureContext: trusted.value }) });
}

function trust(caFile: string | undefined): Outcome<SecureContext> {
  const files = [
    ['the ca of the store', caFile],
    ['AWS_CA_BUNDLE', process.env.AWS_CA_BUNDLE],
    ['SSL_CERT_FILE', process.env.SSL_CERT_FILE],
  ].flatMap(([from, path]) => (path ? [{ from, path }] : []));
  const key = JSON.stringify(files);
  const known = contexts.get(key);
  if (known !== undefined) return succeed(known);
  const ca = [...getCACertificates('default')];
  for (const path of systemBundles) {
    const text = readIfThere(path);
    if (text === undefined) continue;
    ca.push(text);
    break;
  }
  for (const { from, path } of files) {
    const doing = `read the certificates in ${path} (${from})`;
    try {
      const text = readFileSync(path, 'utf8');
      if (!text.includes('-----BEGIN CERTIFICATE-----')) return fail(noCertificates(doing));
      createSecureContext({ ca: text });
      ca.push(text);
    } catch (error) {
      return fail(isFileError(error) ? describeFileFailure({ doing, error }) : noCertificates(doing));
    }
  }
  const context = createSecureContext({ ca });
  contexts.set(key, context);
  return succeed(context);
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The next distribution's place; Node's own list is there in any case.
    return undefined;
  }
}

function noCertificates(doing: string) {
  return {
    code: 'invalid-input',
    message: `Cannot ${doing}: it holds no certificate in PEM form that can be read.`,
    remedy: 'Name a file with one or more blocks -----BEGIN CERTIFICATE-----, or leave it out.',
    retry: 'after-fix',
  } as const;
}

const loopback = ['localhost', '.localhost', '127.0.0.0-127.255.255.255', '::1', '[::1]', '0.0.0.0'];

/** As Node reads them, in lower case. This host itself is never asked for through a proxy. */
function readProxies(environment: Environment): Outcome<Record<string, string>> {
  const proxies: Record<string, string> = {};
  for (const name of ['http_proxy', 'https_proxy']) {
    const given = environment[name] || environment[name.toUpperCase()];
    if (!given) continue;
    // curl takes host:port for a proxy of HTTP as well.
    const url = given.includes('://') ? given : `http://${given}`;
    learnSecrets(passwordIn(url));
    if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url)) return fail(unfitProxy(name.toUpperCase()));
    proxies[name] = url;
  }
  const direct = (environment.no_proxy || environment.NO_PROXY || '').split(/[,\s]+/).filter(Boolean);
  return succeed({ ...proxies, no_proxy: [...direct.flatMap(readDirect), ...loopback].join(',') });
}

/** What others mean by an entry and Node does not: the hosts below a domain, and a net with its mask. */
function readDirect(entry: string): readonly string[] {
  const [, address = '', bits = ''] = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(entry) ?? [];
  if (address !== '') {
    const size = 2 ** (32 - Number(bits));
    const first = Math.floor(toNumber(address) / size) * size;
    return [`${toAddress(first)}-${toAddress(first + size - 1)}`];
  }
  const isName = /^[a-z0-9-]+(\.[a-z0-9-]+)*(:\d+)?$/i.test(entry) && !/^[\d.:]+$/.test(entry);
  return isName ? [entry, `.${entry}`] : [entry];
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

function unfitProxy(name: string) {
  return {
    code: 'invalid-input',
    message: `Cannot use the proxy in ${name}: it is not an http:// or https:// URL.`,
    remedy: `Set ${name} to http://host:port, or unset it; SOCKS proxies are not spoken.`,
    retry: 'after-fix',
  } as const;
}

/**
 * The proxy that an error is about, where it is the proxy that nobody reached: its own address stands in the error, and would otherwise be
 * told as the trouble of the server behind it.
 */
export function proxyIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const proxies = readProxies(process.env);
  if (!proxies.ok) return undefined;
  const urls = [proxies.value.https_proxy, proxies.value.http_proxy].flatMap((url) =>
    url ? [new URL(url)] : [],
  );
  const [hostname, address, port] = ['hostname', 'address', 'port'].map((name) => Reflect.get(error, name));
  const found = urls.find((url) => {
    const own = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    return hostname === url.hostname || (address !== undefined && port === own);
  });
  return found?.host;
}

const lookMs = 5_000;

/** Whom the certificate of a server is for and who issued it, in words: it is looked at without being believed, and nothing is sent. */
export function describeCertificate(url: URL): Promise<string | undefined> {
  const proxies = readProxies(process.env);
  if (!proxies.ok || url.protocol !== 'https:') return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const agent = new https.Agent({ proxyEnv: proxies.value, rejectUnauthorized: false });
    const looked = https.request(url, { agent, method: 'HEAD', timeout: lookMs });
    const end = (words: string | undefined) => {
      looked.destroy();
      agent.destroy();
      resolve(words);
    };
    looked.once('timeout', () => end(undefined));
    looked.once('error', () => end(undefined));
    looked.once('socket', (socket) => {
      if (!(socket instanceof TLSSocket)) return end(undefined);
      const read = () => end(inWords(socket.getPeerCertificate()));
      if (socket.getPeerCertificate().raw === undefined) socket.once('secureConnect', read);
      else read();
    });
  });
}

function inWords(certificate: PeerCertificate): string | undefined {
  if (certificate.raw === undefined) return undefined;
  const { subject, issuer, subjectaltname = '', valid_to: until } = certificate;
  const names = subjectaltname.replaceAll(/(DNS|IP Address):/g, '') || nameIn(subject);
  const by = nameIn(issuer) === nameIn(subject) ? 'by itself' : `by ${nameIn(issuer)}`;
  return cleanText(`for ${names}, issued ${by}, valid until ${until}`).slice(0, 300);
}

function nameIn({ CN, O, OU }: PeerCertificate['subject']): string {
  return [CN ?? O ?? OU ?? 'nobody named'].flat().join(' ');
}
