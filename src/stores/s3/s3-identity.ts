import type { StoreIdentity } from '../../ports/object-store.ts';

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** The host and port of an endpoint, for people and for comparing; undefined when it is no http(s) URL. */
export function readEndpoint(endpoint: string): URL | undefined {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || defaultPorts[url.protocol] === undefined || url.hostname === '') return undefined;
  return url;
}

/** As people write it: the port where it is an unusual one, the path where there is one. */
export function showEndpoint({ host, pathname }: URL): string {
  return `${host}${pathname.replace(/\/+$/, '')}`;
}

/**
 * Two endpoints that lead to one store must look the same here, since a drill is kept away from production by
 * comparing identities. When in doubt this unites rather than separates: a refused drill is cheap.
 */
export function identifyStore(request: { readonly endpoint: URL; readonly bucket: string }): StoreIdentity {
  const { endpoint, bucket } = request;
  const port = endpoint.port === '' ? defaultPorts[endpoint.protocol] : endpoint.port;
  return { endpoint: `${uniteHostNames(endpoint.hostname)}:${port}`, bucket };
}

function uniteHostNames(hostname: string): string {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  if (isLoopback(host)) return 'localhost';
  // Bucket names are unique within a partition of AWS, whichever regional, global or dual-stack name is used.
  const partition = /(?:^|\.)s3[.-][a-z0-9.-]*?(amazonaws\.com(?:\.cn)?)$/.exec(host)?.[1];
  return partition === undefined ? host : `s3.${partition}`;
}

/** An unspecified address (0.0.0.0, ::) reaches this host too when it is connected to. */
function isLoopback(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost') || host === '0.0.0.0') return true;
  if (/^127\.\d+\.\d+\.\d+$/.test(host)) return true;
  return host === '[::1]' || host === '[::]' || /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]+\]$/.test(host);
}
