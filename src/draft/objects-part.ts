import { passwordIn } from '../base/secret-values.ts';
import { placeholder } from '../platform/declare-fields.ts';
import type { ComposeService } from './compose-model.ts';
import { withScheme } from './find-stores.ts';
import {
  hostIn,
  inputName,
  isBackupService,
  isObjectServer,
  type Survey,
  type WantedInput,
} from './survey.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A bucket of the application, and the copy of it that lies in the store of the backups. */
export type SeenObjects = {
  /** Of the copy, within the store. */
  readonly prefix: string;
  readonly production: Fields;
  readonly drill: Fields;
  readonly inputs: readonly WantedInput[];
  readonly notes: readonly string[];
  readonly toDo: readonly string[];
};

/** How applications call what belongs to their bucket. */
const about = (what: string) => new RegExp(`(?:S3|MINIO|STORAGE|AWS).*${what}`);
const bucketName = about('BUCKET(?:_NAME)?$');
const endpointName = about('(?:ENDPOINT(?:_URL)?|BUCKET_URL|BASE_URL)$');
const regionName = about('REGION$');
const accessName = /^(?!.*SECRET).*(?:S3|MINIO|STORAGE|AWS).*(?:ACCESS_KEY|KEY_ID)$/;
const secretName = about('SECRET');

/** How a copy of a bucket is called where it has not the name of the bucket. */
const copies = /^(?:objects?|media|minio|s3|buckets?|attachments?|uploads?|mirror|assets|storage)$/i;

/** Undefined where no service says which bucket it uses, or nothing in the store looks like a copy of it. */
export function findObjects(survey: Survey): SeenObjects | undefined {
  const services = survey.compose?.model.services ?? [];
  for (const service of services.filter((one) => !isBackupService(one) && !isObjectServer(one))) {
    const bucket = saidBy(service, bucketName);
    const copy = bucket === undefined ? undefined : findCopy(survey, bucket);
    if (bucket !== undefined && copy !== undefined) return describe({ service, bucket, copy, survey });
  }
  return undefined;
}

function saidBy({ environment }: ComposeService, name: RegExp): string | undefined {
  return [...environment].find(([key, value]) => name.test(key) && value !== '')?.[1];
}

/** The folder that is called as the bucket, or as copies are; the dumps lie elsewhere. */
function findCopy({ store }: Survey, bucket: string): string | undefined {
  const families = store?.listed?.families ?? [];
  const folders = new Map<string, boolean>();
  for (const { objects, looksLike } of families)
    for (const { key } of objects) {
      const parts = key.split('/').slice(0, -1);
      const named = parts.indexOf(bucket);
      const depth = named >= 0 ? named + 1 : copies.test(parts[0] ?? '') ? 1 : 0;
      if (depth === 0) continue;
      const folder = `${parts.slice(0, depth).join('/')}/`;
      folders.set(folder, (folders.get(folder) ?? true) && looksLike !== 'dump');
    }
  const clean = [...folders].flatMap(([folder, isClean]) => (isClean ? [folder] : []));
  return clean.find((folder) => folder.endsWith(`${bucket}/`)) ?? clean[0];
}

function describe(seen: {
  readonly service: ComposeService;
  readonly bucket: string;
  readonly copy: string;
  readonly survey: Survey;
}): SeenObjects {
  const { service, bucket, copy, survey } = seen;
  const { name, environment, variables } = service;
  const taken = new Set((survey.store?.inputs ?? []).map((input) => input.name));
  const called = (wanted: RegExp, otherwise: string) => {
    const key = [...environment.keys()].find((one) => wanted.test(one));
    const input = inputName(variables.get(key ?? '') ?? key ?? otherwise);
    // One of that name is the backup store's: another key, as a rule.
    return taken.has(input) ? `OBJECTS_${input}` : input;
  };
  const [access, secret] = [
    called(accessName, 'OBJECTS_ACCESS_KEY'),
    called(secretName, 'OBJECTS_SECRET_KEY'),
  ];
  const region = saidBy(service, regionName) ?? 'us-east-1';
  const endpoint = endpointOf(service, { survey, region });
  return {
    prefix: plain(`${survey.store?.prefix ?? ''}${copy}`),
    production: {
      kind: 's3',
      endpoint: placeholder('OBJECTS_ENDPOINT'),
      region,
      bucket: plain(bucket),
      accessKey: placeholder(access),
      secretKey: placeholder(secret),
    },
    drill: { kind: 'directory', path: placeholder('DRILL_FOLDER') },
    inputs: [
      {
        name: 'OBJECTS_ENDPOINT',
        about: `URL of the store of ${name}, as this host reaches it`,
        ...(endpoint.url === undefined ? {} : { default: endpoint.url }),
      },
      { name: access, about: `access key of the bucket ${bucket}`, secret: true },
      { name: secret, about: 'its secret key', secret: true },
      {
        name: 'DRILL_FOLDER',
        about: 'a folder with room for all objects once more; a drill takes away what it put there',
        default: '/var/tmp',
      },
    ],
    notes: [`The bucket of ${name}.`, ...endpoint.notes],
    toDo: [
      `that ${copy} in the store is a copy of the bucket ${bucket} is guessed from its name. Compare a few keys, without that prefix, with those of the bucket.`,
      ...endpoint.toDo,
    ],
  };
}

/** No text from outside becomes a placeholder. */
function plain(text: string): string {
  return text.replaceAll('${', '$');
}

type Endpoint = {
  readonly url?: string;
  readonly notes: readonly string[];
  readonly toDo: readonly string[];
};

/** What containers call by the name of a service, this host reaches by a port alone. */
function endpointOf(
  service: ComposeService,
  { survey, region }: { readonly survey: Survey; readonly region: string },
): Endpoint {
  const said = saidBy(service, endpointName);
  if (said === undefined)
    return {
      url: `https://s3.${region}.amazonaws.com`,
      notes: [],
      toDo: [`${service.name} names no endpoint: that of AWS is taken.`],
    };
  const url = withScheme(said, 'https');
  if (passwordIn(url).length > 0) return { notes: [], toDo: [] };
  const server = survey.compose?.model.services.find(({ name }) => name === hostIn(said));
  if (server === undefined) return { url, notes: [], toDo: [] };
  const inside = Number(/:(\d+)\/?$/.exec(said)?.[1] ?? 9000);
  const port = server.ports.find(({ target }) => target === inside);
  if (port !== undefined)
    return {
      url: `http://${port.host}:${port.published}`,
      notes: [`${server.name} is published on port ${port.published} of ${port.host}.`],
      toDo: [],
    };
  return {
    notes: [],
    toDo: [
      `no port of ${server.name} leads to this host. Publish one for the restore ("127.0.0.1:${inside}:${inside}" below its \`ports\`), and give its URL as OBJECTS_ENDPOINT.`,
    ],
  };
}
