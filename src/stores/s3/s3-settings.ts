import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Meaning } from '../../base/failure.ts';
import { errorWords } from '../../base/thrown.ts';
import { learnSecrets } from '../../platform/learned-secrets.ts';

/**
 * What a runbook leaves out is taken from where the programs of AWS look: the environment, the shared files, the services of containers and
 * instances. The SDK does the looking; here is what was found, in words.
 */

/** One way to credentials, as the SDK marks what came from it (`$source`), in the order in which they are asked. */
const ways = {
  CREDENTIALS_ENV_VARS: () => 'AWS_ACCESS_KEY_ID in the environment',
  CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN: () => 'the web identity of AWS_WEB_IDENTITY_TOKEN_FILE',
  CREDENTIALS_PROFILE_STS_WEB_ID_TOKEN: (profile: string) => `the web identity of ${profile}`,
  CREDENTIALS_PROFILE_SOURCE_PROFILE: (profile: string) => `the role that ${profile} takes`,
  CREDENTIALS_PROFILE_NAMED_PROVIDER: (profile: string) => `the role that ${profile} takes`,
  CREDENTIALS_PROFILE_PROCESS: (profile: string) => `the credential_process of ${profile}`,
  CREDENTIALS_PROFILE_SSO: (profile: string) => `the single sign-on of ${profile}`,
  CREDENTIALS_PROFILE_SSO_LEGACY: (profile: string) => `the single sign-on of ${profile}`,
  CREDENTIALS_PROFILE_LOGIN: (profile: string) => `the login of ${profile}`,
  CREDENTIALS_PROFILE: (profile: string) => profile,
  CREDENTIALS_HTTP: () => "the container's own credentials (AWS_CONTAINER_CREDENTIALS)",
};

/** Why a client cannot be opened: without the beginning of the sentence, which says what was wanted. */
export type Unopened = { readonly meaning: Meaning; readonly detail: string };

type S3Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
};
type Found = {
  /** Asked again by the SDK when they are about to end. */
  readonly provide: () => Promise<S3Credentials>;
  /** In words: profile backup of /root/.aws/credentials. Holds no secret. */
  readonly source: string;
};

type Chain = {
  /** What the runbook says. */
  readonly profile: string | undefined;
  readonly region: string;
  /** For the calls to STS that roles and web identities take. */
  readonly requestHandler: Readonly<Record<string, unknown>>;
};

/** A service beside us answers in no time, and where there is none nobody should wait. */
const serviceMs = 1_000;

const ignore = () => {};
export const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

export async function findCredentials(chain: Chain): Promise<Found | Unopened> {
  const profile = chain.profile ?? (process.env.AWS_PROFILE || undefined);
  const provider = await openChain({ ...chain, profile });
  const provide = async () => {
    const credentials = await provider();
    const { secretAccessKey, sessionToken } = credentials;
    learnSecrets([secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])]);
    return credentials;
  };
  try {
    const source = await describeSource(await provide(), profile);
    return { provide, source };
  } catch (error) {
    return noCredentials({ profile, error });
  }
}

async function openChain({ profile, region, requestHandler }: Chain): Promise<Found['provide']> {
  const init = {
    clientConfig: { region, requestHandler },
    logger: silent,
    ignoreCache: true,
    timeout: serviceMs,
    maxRetries: 1,
  };
  // Whoever names a profile means that one: with a typing error in it, the SDK would go on to the role of the instance.
  if (profile !== undefined) {
    const { fromIni } = await import('@aws-sdk/credential-provider-ini');
    return fromIni({ ...init, profile });
  }
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  return defaultProvider(init);
}

const marked = z.object({ $source: z.record(z.string(), z.string()) });

async function describeSource(credentials: S3Credentials, profile = 'default'): Promise<string> {
  const marks = marked.safeParse(credentials).data?.$source ?? {};
  const found = Object.entries(ways).find(([mark]) => mark in marks)?.[1];
  return found === undefined ? ofInstance : found((await readProfile(profile)).place);
}

const ofInstance = 'the role of this instance (its metadata service)';

type Profile = { readonly fields: Readonly<Record<string, string | undefined>>; readonly place: string };

/** Keys stand in either file; what stands in both counts as the one for settings has it, as the SDK does. */
async function readProfile(name: string): Promise<Profile & { readonly services?: Profile['fields'] }> {
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { credentialsFile, configFile } = await loadSharedConfigFiles({ ignoreCache: true });
  const fields = { ...credentialsFile[name], ...configFile[name] };
  const { credentials, config } = sharedFiles();
  const services = configFile[`services.${fields.services}`];
  const place = `profile ${name} of ${credentialsFile[name] === undefined ? config : credentials}`;
  return { fields, place, ...(services === undefined ? {} : { services }) };
}

/** Whoever runs thaw by sudo has another home: the whole path says whose. */
function sharedFiles() {
  const own = (name: string) => join(process.env.HOME ?? homedir(), '.aws', name);
  return {
    credentials: process.env.AWS_SHARED_CREDENTIALS_FILE || own('credentials'),
    config: process.env.AWS_CONFIG_FILE || own('config'),
  };
}

export type Settings = {
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly ca?: string | undefined;
  /** path, virtual or auto. */
  readonly addressing?: string | undefined;
};

/** What of a store the environment or the profile says; the environment goes first, as with the programs of AWS. */
export async function readSettings(profile: string | undefined): Promise<Settings> {
  const { env } = process;
  const { fields, services } = await readProfile(profile ?? (env.AWS_PROFILE || 'default'));
  const ignored =
    (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? fields.ignore_configured_endpoint_urls) === 'true';
  const configured =
    endpointInEnvironment() || (ignored ? undefined : services?.['s3.endpoint_url'] || fields.endpoint_url);
  return {
    endpoint: configured || undefined,
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || fields.region || undefined,
    ca: fields.ca_bundle,
    addressing: fields['s3.addressing_style'],
  };
}

export function endpointInEnvironment(): string | undefined {
  const { env } = process;
  if (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true') return undefined;
  return env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || undefined;
}

/** Every source that was looked at, and what to do. Not `denied`: nobody was asked, so nothing is known of what these keys may do. */
async function noCredentials(of: {
  readonly profile: string | undefined;
  readonly error: unknown;
}): Promise<Unopened> {
  const detail = errorWords(of.error);
  const { credentials, config } = sharedFiles();
  const { fields, place } = await readProfile(of.profile ?? 'default');
  const isThere = Object.keys(fields).length > 0;
  if (of.profile !== undefined) {
    // Only a person at a browser can renew it, and the session lies in the home of whoever logged in.
    if (fields.sso_session || fields.sso_start_url)
      return {
        meaning: [
          'invalid-input',
          `the session of the single sign-on of ${place} is over, or this user has none`,
          `Log in as the user who runs thaw (\`aws sso login --profile ${of.profile}\`; the session is kept below its HOME), then try again.`,
          'after-fix',
        ],
        detail,
      };
    const because = isThere
      ? `${place} gives no credentials`
      : `there is no profile ${of.profile} in ${credentials} or ${config}`;
    const remedy = isThere
      ? `Mend that profile (\`aws sts get-caller-identity --profile ${of.profile}\` tries it), then try again.`
      : 'Correct the name of the profile, or say in AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE where the files of this user are.';
    return { meaning: ['invalid-input', because, remedy, 'after-fix'], detail };
  }
  const looked = [
    'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (not both set)',
    `profile default in ${credentials} and ${config} (${isThere ? 'gives none' : 'not there'})`,
    `AWS_WEB_IDENTITY_TOKEN_FILE (${process.env.AWS_WEB_IDENTITY_TOKEN_FILE ? 'gives none' : 'not set'})`,
    describeServices(),
  ];
  return {
    meaning: [
      'invalid-input',
      `the runbook names no credentials, and none were found; looked at ${looked.join('; ')}`,
      'Give accessKey and secretKey of the store in the runbook, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; for a public bucket write `credentials: anonymous`.',
      'after-fix',
    ],
    detail,
  };
}

/** Where the environment names a service of the container, the one of the instance is not asked. */
function describeServices(): string {
  const { env } = process;
  const container = env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
  if (container) return "the container's credentials in AWS_CONTAINER_CREDENTIALS_… (gives none)";
  const isOff = (env.AWS_EC2_METADATA_DISABLED ?? 'false') !== 'false';
  return `AWS_CONTAINER_CREDENTIALS_… (not set); the role of an instance (${isOff ? 'switched off by AWS_EC2_METADATA_DISABLED' : 'no metadata service gives one'})`;
}
