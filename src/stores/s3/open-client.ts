import type { S3Client } from '@aws-sdk/client-s3';
import { createMasking, type Redact, type Secret } from '../../base/secret.ts';
import { hearOfSecrets } from '../../platform/learned-secrets.ts';
import { type Agents, openAgents } from '../../platform/network-agents.ts';
import { readEndpoint } from './s3-identity.ts';
import { findCredentials, readSettings, type Settings, silent, type Unopened } from './s3-settings.ts';

export type S3Config = {
  /** URL with scheme, for example https://s3.eu-west-1.amazonaws.com. Left out: what environment or profile name, else AWS. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly bucket: string;
  /** With the secret key, or neither: then they are looked for where the programs of AWS look. */
  readonly accessKey?: Secret | undefined;
  readonly secretKey?: Secret | undefined;
  readonly sessionToken?: Secret | undefined;
  readonly profile?: string | undefined;
  /** Requests are not signed: a bucket that everybody may read. */
  readonly anonymous?: boolean | undefined;
  readonly addressing?: 'path' | 'virtual' | undefined;
  /** A file of certificates that are trusted for this store. */
  readonly ca?: string | undefined;
};
/** Sizes and times, settable so that tests need neither a thousand objects nor a minute. */
export type S3Limits = {
  /** No answer to a request for that long counts as a failed attempt, of five. */
  readonly answerMs: number;
  /** `access` gives up after that long, whatever the attempts. */
  readonly accessMs: number;
  readonly connectMs: number;
  readonly keysPerPage: number;
  /** Objects up to this size are written in one request; also the least size of a part. */
  readonly partBytes: number;
};

export const defaultS3Limits: S3Limits = {
  answerMs: 60_000,
  accessMs: 20_000,
  connectMs: 10_000,
  keysPerPage: 1000,
  partBytes: 8 * 1024 * 1024,
};

export type Sdk = typeof import('@aws-sdk/client-s3');

export type Opened = {
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly endpoint: URL;
  readonly region: string;
  /** Whose credentials these are, in words; undefined where the runbook gives them. */
  readonly source: string | undefined;
  readonly addressing: 'path' | 'virtual';
  readonly redact: Redact;
};

/** @param request.region what the store itself said of the bucket; goes before everything that was given. */
export async function openClient(request: {
  readonly config: S3Config;
  readonly limits: S3Limits;
  readonly region: string | undefined;
}): Promise<Opened | Unopened> {
  const { config, limits } = request;
  const sdk = await import('@aws-sdk/client-s3');
  const hasKeys = config.accessKey !== undefined || config.anonymous === true;
  // A store that is given whole is what the runbook says, whatever the environment is set for.
  const settings: Settings =
    hasKeys && config.endpoint !== undefined ? {} : await readSettings(config.profile);
  const region = request.region ?? config.region ?? settings.region ?? 'us-east-1';
  const given = config.endpoint ?? settings.endpoint;
  const endpoint = readEndpoint(given ?? regionalEndpoint(sdk, region));
  if (endpoint === undefined) return unreadableEndpoint(config.endpoint === undefined ? given : undefined);
  const agents = openAgents(endpoint, { caFile: config.ca ?? settings.ca, keep: { maxSockets: 64 } });
  if (!agents.ok) {
    const { code, message, remedy, retry } = agents.failure;
    return { meaning: [code, lowerFirst(message).replace(/\.$/, ''), remedy, retry], detail: '' };
  }
  const requestHandler = handlerOptions(agents.value, limits);
  const signing = await chooseSigning({ config, region, requestHandler });
  if ('meaning' in signing) return signing;
  const wish = config.addressing ?? settings.addressing;
  const addressing = wish === 'virtual' || (wish !== 'path' && given === undefined) ? 'virtual' : 'path';
  const client = new sdk.S3Client({
    ...(given === undefined ? {} : { endpoint: given }),
    region,
    ...signing.options,
    forcePathStyle: addressing === 'path',
    // The default checksums are refused by GCS, B2, R2 and older servers; our own are Content-MD5 and the length.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    retryMode: 'standard',
    maxAttempts: 5,
    requestHandler,
    logger: silent,
  });
  const secrets = [config.secretKey, config.sessionToken].flatMap((secret) => secret?.reveal() ?? []);
  const { redact, mask } = createMasking({ secrets, publicNames: new Set() });
  hearOfSecrets(mask);
  return { sdk, client, endpoint, region, source: signing.source, addressing, redact };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** The rules of the SDK, with all that AWS has of partitions and names. */
function regionalEndpoint(sdk: Sdk, region: string): string {
  const { endpointProvider } = new sdk.S3Client({
    region,
    credentials: { accessKeyId: '', secretAccessKey: '' },
  }).config;
  return endpointProvider({ Region: region }).url.href;
}

function handlerOptions(agents: Agents, limits: S3Limits) {
  return {
    connectionTimeout: limits.connectMs,
    throwOnRequestTimeout: true,
    // Waiting for a free socket is no trouble here, and a warning on the console would tear the screen.
    socketAcquisitionWarningTimeout: 2 ** 31 - 1,
    ...agents,
  };
}

async function chooseSigning(of: {
  readonly config: S3Config;
  readonly region: string;
  readonly requestHandler: ReturnType<typeof handlerOptions>;
}) {
  const { accessKey, secretKey, sessionToken, profile, anonymous } = of.config;
  if (anonymous) {
    const credentials = { accessKeyId: 'anonymous', secretAccessKey: 'anonymous' };
    const signer = { sign: async <T>(request: T) => request };
    return { options: { credentials, signer }, source: 'a reader without a key' };
  }
  if (accessKey !== undefined && secretKey !== undefined) {
    const credentials = {
      accessKeyId: accessKey.reveal(),
      secretAccessKey: secretKey.reveal(),
      ...(sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }),
    };
    return { options: { credentials }, source: undefined };
  }
  const found = await findCredentials({ profile, ...of });
  if ('meaning' in found) return found;
  return { options: { credentials: found.provide }, source: found.source };
}

/** @param configured what environment or profile say, where it is they who are to be mended. */
function unreadableEndpoint(configured: string | undefined): Unopened {
  const where = configured === undefined ? 'the endpoint' : 'the endpoint in AWS_ENDPOINT_URL or the profile';
  return {
    meaning: [
      'invalid-input',
      `${where} is not an http:// or https:// URL`,
      'Give the endpoint as a URL with its scheme, for example https://s3.eu-west-1.amazonaws.com.',
      'after-fix',
    ],
    detail: '',
  };
}
