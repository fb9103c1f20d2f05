import { isAbsolute, join, normalize } from 'node:path';
import { passwordIn } from '../base/secret-values.ts';
import { placeholder } from '../platform/declare-fields.ts';
import type { ComposeService } from './compose-model.ts';
import { inputName, isBackupService, type StorePlace, type Survey, type WantedInput } from './survey.ts';

/** Where backups may lie, as compose services and env files tell; the most likely first. Nothing is looked into here. */
export type StoreGuess = StorePlace & {
  /** Values at hand for its inputs, secrets among them: to look into it, never to be written. */
  readonly values: ReadonlyMap<string, string>;
};

type S3Names = Readonly<
  Record<'bucket' | 'prefix' | 'endpoint' | 'scheme' | 'region' | 'accessKey' | 'secretKey', string>
>;

/** How backup containers call the parts of their bucket. */
const s3Names: readonly S3Names[] = [
  {
    bucket: 'S3_BUCKET',
    prefix: 'S3_PREFIX',
    endpoint: 'S3_ENDPOINT',
    scheme: '',
    region: 'S3_REGION',
    accessKey: 'S3_ACCESS_KEY_ID',
    secretKey: 'S3_SECRET_ACCESS_KEY',
  },
  {
    bucket: 'AWS_S3_BUCKET_NAME',
    prefix: 'AWS_S3_PATH',
    endpoint: 'AWS_ENDPOINT',
    scheme: 'AWS_ENDPOINT_PROTO',
    region: 'AWS_REGION',
    accessKey: 'AWS_ACCESS_KEY_ID',
    secretKey: 'AWS_SECRET_ACCESS_KEY',
  },
  {
    bucket: 'BACKUP_S3_BUCKET',
    prefix: 'BACKUP_S3_PREFIX',
    endpoint: 'BACKUP_S3_ENDPOINT',
    scheme: '',
    region: 'BACKUP_S3_REGION',
    accessKey: 'BACKUP_S3_ACCESS_KEY',
    secretKey: 'BACKUP_S3_SECRET_KEY',
  },
];

/** @param isThere whether a folder of this host is there, by its absolute path. */
export function guessStores(survey: Survey, isFolder: (path: string) => boolean): readonly StoreGuess[] {
  const services = survey.compose?.model.services ?? [];
  const ofServices = services.filter(isBackupService).flatMap((service) => [
    ...s3Names
      .slice(0, 2)
      .flatMap((names) => s3Guess(service.environment, { names, from: sayService(service), service })),
    ...foldersOf(service, survey)
      .filter(isFolder)
      .map((path) => folderGuess(path, sayService(service))),
  ]);
  const ofFiles = survey.envFiles.flatMap(({ path, values }) =>
    s3Names.slice(2).flatMap((names) => s3Guess(values, { names, from: path })),
  );
  const uploads = survey.envFiles.flatMap(({ values }) => values.get('UPLOAD_LOCATION') ?? []);
  const likely = [
    ...uploads.map((upload) => join(absolute(upload, survey.folder), 'backups')),
    ...['backups', 'backup', 'dumps', 'db-backups', 'pg_backups'].map((name) => join(survey.folder, name)),
  ];
  return [...ofServices, ...ofFiles, ...likely.filter(isFolder).map((path) => folderGuess(path, 'its name'))];
}

/** What --store says: s3://bucket/prefix, rclone:remote:path, or a folder. */
export function readStoreOption(
  said: string,
  among: { readonly survey: Survey; readonly environment: Readonly<Record<string, string | undefined>> },
): StoreGuess | { readonly fault: string } {
  const { survey, environment } = among;
  if (said.startsWith('rclone:')) {
    const remote = said.slice('rclone:'.length);
    if (!/^[^:]+:/.test(remote))
      return { fault: `--store ${said} names no remote, for example rclone:offsite:backups` };
    const fields = { kind: 'rclone', remote };
    return { fields, inputs: [], address: said, prefix: '', from: '--store', values: new Map() };
  }
  if (!said.startsWith('s3://')) {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(said))
      return { fault: `--store ${said} is neither s3://BUCKET/PREFIX nor rclone:REMOTE:PATH nor a folder` };
    return folderGuess(absolute(said, survey.folder), '--store');
  }
  const [bucket = '', ...path] = said.slice('s3://'.length).split('/');
  if (bucket === '') return { fault: `--store ${said} names no bucket, for example s3://crm-backups/pg` };
  const known = guessStores(survey, () => false).find(({ address }) => address.split('/')[2] === bucket);
  const given = new Map<string, string>();
  for (const values of [Object.entries(environment), ...survey.envFiles.map((file) => file.values)])
    for (const [name, value] of values) if (value !== undefined && value !== '') given.set(name, value);
  const own = new Map([
    ...given,
    ['AWS_S3_BUCKET_NAME', bucket],
    [
      'AWS_ENDPOINT',
      given.get('AWS_ENDPOINT_URL_S3') ?? given.get('AWS_ENDPOINT_URL') ?? given.get('AWS_ENDPOINT') ?? '',
    ],
    ['AWS_REGION', given.get('AWS_REGION') ?? given.get('AWS_DEFAULT_REGION') ?? ''],
  ] as const);
  const names = s3Names[1];
  const guess = known ?? (names === undefined ? undefined : s3Guess(own, { names, from: '--store' })[0]);
  if (guess === undefined) return { fault: `--store ${said} names no bucket` };
  const prefix = slashed(path.join('/'));
  return { ...guess, prefix, address: `s3://${bucket}/${prefix}`, from: '--store' };
}

const sayService = ({ name }: ComposeService) => `the service ${name}`;

function folderGuess(path: string, from: string): StoreGuess {
  return {
    fields: { kind: 'directory', path: placeholder('BACKUPS_FOLDER') },
    inputs: [{ name: 'BACKUPS_FOLDER', about: 'where the dumps lie', default: path }],
    address: path,
    prefix: '',
    from,
    values: new Map([['BACKUPS_FOLDER', path]]),
  };
}

function s3Guess(
  values: ReadonlyMap<string, string>,
  how: { readonly names: S3Names; readonly from: string; readonly service?: ComposeService },
): readonly StoreGuess[] {
  const { names, from, service } = how;
  const bucket = values.get(names.bucket)?.replace(/^s3:\/\//, '');
  if (!bucket) return [];
  const region = values.get(names.region) || 'us-east-1';
  const endpoint = withScheme(values.get(names.endpoint) ?? '', values.get(names.scheme) || 'https');
  // As the env file calls it, where the compose file takes it from there.
  const called = (name: string) => inputName(service?.variables.get(name) ?? name);
  const [accessKey, secretKey] = [called(names.accessKey), called(names.secretKey)];
  const prefix = slashed(values.get(names.prefix) ?? '');
  const inputs: readonly WantedInput[] = [
    {
      name: 'BACKUP_ENDPOINT',
      about: 'URL of the backup store',
      // One with a password in it is given each time, and written nowhere.
      ...(passwordIn(endpoint).length > 0
        ? {}
        : { default: endpoint || `https://s3.${region}.amazonaws.com` }),
    },
    { name: accessKey, about: `access key of the backup bucket ${bucket}`, secret: true },
    { name: secretKey, about: 'its secret key', secret: true },
  ];
  const found: readonly (readonly [string, string | undefined])[] = [
    ['BACKUP_ENDPOINT', endpoint || inputs[0]?.default],
    [accessKey, values.get(names.accessKey)],
    [secretKey, values.get(names.secretKey)],
  ];
  return [
    {
      fields: {
        kind: 's3',
        endpoint: placeholder('BACKUP_ENDPOINT'),
        region,
        bucket,
        accessKey: placeholder(accessKey),
        secretKey: placeholder(secretKey),
      },
      inputs,
      address: `s3://${bucket}/${prefix}`,
      prefix,
      from,
      values: new Map(found.flatMap(([name, value]) => (value ? [[name, value] as const] : []))),
    },
  ];
}

export function withScheme(endpoint: string, scheme: string): string {
  return endpoint === '' || endpoint.includes('://') ? endpoint : `${scheme}://${endpoint}`;
}

function slashed(prefix: string): string {
  const trimmed = prefix.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? '' : `${trimmed}/`;
}

/** Folders of this host that a backup container writes into. */
function foldersOf(service: ComposeService, { folder, compose }: Survey): readonly string[] {
  const goal = service.environment.get('BACKUP_DIR') || service.environment.get('BACKUP_ARCHIVE');
  const targets = [goal, '/backups', '/backup', '/archive', '/dumps'].filter(Boolean);
  const project = compose?.model.name ?? folder.slice(folder.lastIndexOf('/') + 1).toLowerCase();
  return service.mounts
    .filter(({ target, readOnly }) => !readOnly && targets.includes(target))
    .map(({ kind, source }) =>
      kind === 'folder' ? absolute(source, folder) : `/var/lib/docker/volumes/${project}_${source}/_data`,
    );
}

function absolute(path: string, folder: string): string {
  return isAbsolute(path) ? normalize(path).replace(/(?<=.)\/+$/, '') : join(folder, path);
}
