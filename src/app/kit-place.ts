import { join, resolve } from 'node:path';
import { type Kit, kitsPrefix, namesSigner, shortSigner } from '../backups/kit.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { formatTime } from '../base/units.ts';
import { type FoundKit, findKits } from '../operations/read-kit.ts';
import { isFile, isFolder } from '../platform/file-kinds.ts';
import type { ObjectStoreConfig } from '../ports/object-store.ts';
import { createWorld } from '../registry/wire.ts';
import type { MissingInput } from '../session/missing-input.ts';
import { askForInputs } from './ask-for-inputs.ts';
import { type CommandContext, printLine } from './command-context.ts';
import { bringEnvironment } from './kit-environment.ts';
import { accessKeyName, kitNames, secretKeyName, unpackKit } from './kit-folder.ts';
import { bringImages } from './kit-images.ts';
import type { Options } from './options.ts';
import type { TerminalContext, TerminalOptions } from './terminal.ts';

/** Where a kit may lie, as somebody types it: s3://bucket/prefix, rclone:remote:path, or a folder. */
type KitPlace =
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'rclone'; readonly remote: string; readonly prefix: '' }
  | { readonly kind: 'directory'; readonly path: string; readonly prefix: '' };

/** undefined for the name of a runbook, the path of one, and the folder of a kit that is unpacked already. */
export async function kitPlaceOf(operand: string, folder: string): Promise<KitPlace | undefined> {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(operand) ?? [];
  if (bucket !== undefined) return { kind: 's3', bucket, prefix };
  const [, remote] = /^rclone:(.+)$/.exec(operand) ?? [];
  if (remote !== undefined) return { kind: 'rclone', remote, prefix: '' };
  const path = resolve(folder, operand);
  const holdsKits = await isFolder(join(path, kitsPrefix));
  return holdsKits ? { kind: 'directory', path, prefix: '' } : undefined;
}

type FromKit = {
  /** The runbook out of it. */
  readonly runbook: string;
  /** With what opened the store, and what was typed for it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
} & Options<'envFiles'>;

type Asking = {
  readonly options: TerminalOptions & Options<'envFiles' | 'signer' | 'endpoint' | 'region'>;
  readonly context: TerminalContext & Pick<CommandContext, 'folder'>;
};

/** Finds the kit, lets the operator say whose signature it has to bear, and unpacks it. Until then nothing that came out of the store is believed. */
export async function takeFromKit(place: KitPlace, asking: Asking): Promise<Outcome<FromKit>> {
  const { context } = asking;
  const config = await storeOf(place, asking);
  if (!config.ok) return config;
  const world = createWorld(context.environment);
  try {
    const store = world.openStore(config.value);
    const kits = await findKits(store, place.prefix);
    if (!kits.ok) return kits;
    const [found, ...others] = kits.value;
    if (found === undefined || others.length > 0) return fail(severalKits(kits.value));
    printLine(context, sayKit(found, store.address));
    const believed = await believe(found, asking);
    if (!believed.ok) return believed;
    const into = resolve(context.folder, found.kit.folder);
    const unpacked = await unpackKit({
      ...{ store, found, into, config: config.value },
      takes: ({ role }) => role !== 'program' && role !== 'images',
      onLine: (line) => printLine(context, `  ${line}`),
    });
    if (!unpacked.ok) return unpacked;
    printLine(context, `The kit is unpacked in ${into}.`);
    const environment = withCredentials(config.value, context.environment);
    const own = { options: asking.options, context: { ...context, environment } };
    const brought = await bringEnvironment({ folder: into, kit: found.kit, world }, own);
    if (!brought.ok) return brought;
    const loaded = await bringImages({ folder: into, found, store, world }, { ...context, ...brought.value });
    return loaded.ok ? succeed({ runbook: join(into, kitNames.runbook), ...brought.value }) : loaded;
  } finally {
    await world.close();
  }
}

function sayKit({ kit, signer }: FoundKit, address: string): string {
  return `${address} holds the kit of ${kit.title}, made ${formatTime(Date.parse(kit.madeAt))} with thaw ${kit.thawVersion}, signed by ${shortSigner(signer)}.`;
}

/** The same fingerprint from elsewhere: the command line, or the paper in somebody's hand, where a sign is soon misread. */
async function believe(found: FoundKit, asking: Asking): Promise<Outcome<void>> {
  const { signer } = asking.options;
  let given = signer ?? (await askSigner(found, asking));
  for (let tries = 1; given !== undefined && !namesSigner(given, found.signer); tries += 1) {
    if (signer !== undefined || tries === mostTries) return fail(otherSigner(found, given));
    given = await askSigner(found, asking, given);
  }
  return given === undefined ? fail(signerMissing(found.kit)) : succeed(undefined);
}

const mostTries = 3;

function otherSigner({ signer }: FoundKit, given: string): Failure {
  return {
    code: 'denied',
    message: `The kit is signed by ${shortSigner(signer)}, and that is not ${given.trim()}. Nothing of it was used.`,
    remedy:
      'Compare with the printed page once more: the whole fingerprint, or its first 16 characters after SHA256:. If it differs there, the bucket was changed: use another copy.',
    retry: 'after-fix',
  };
}

async function askSigner(
  { kit }: FoundKit,
  ...[at, before]: [at: Pick<Asking, 'options' | 'context'>, before?: string]
): Promise<string | undefined> {
  const wrong = before === undefined ? '' : `; it is not ${before.trim()}: read it once more`;
  const missing: MissingInput = {
    name: 'SIGNER',
    about: `whose signature the kit has to bear, from its printed page: the first 16 characters after SHA256:, or all of them${wrong}`,
    secret: false,
  };
  const typed = await askForInputs({ mode: 'live', title: kit.title, missing: [missing] }, at);
  return typed?.get(missing.name);
}

function signerMissing({ title }: Kit): Failure {
  return {
    code: 'answer-missing',
    message: `Nobody said whose signature the kit of ${title} has to bear, so nothing of it was used.`,
    remedy: 'Take the fingerprint from its printed page, and give it with --signer.',
    retry: 'after-fix',
  };
}

function severalKits(kits: readonly FoundKit[]): Failure {
  return {
    code: 'invalid-input',
    message: `There are several kits: ${kits.map(({ prefix, kit }) => `${kit.title} at ${prefix}`).join('; ')}.`,
    remedy: 'Give the address of one of them: s3://BUCKET/PREFIX.',
    retry: 'after-fix',
  };
}

/** What opened the store, by the names of AWS: the runbook out of the kit takes its credentials from there (kit-folder.ts). */
function withCredentials({ accessKey, secretKey }: ObjectStoreConfig, environment: FromKit['environment']) {
  return typeof accessKey === 'string' && typeof secretKey === 'string'
    ? { ...environment, [accessKeyName]: accessKey, [secretKeyName]: secretKey }
    : environment;
}

async function storeOf(place: KitPlace, asking: Asking): Promise<Outcome<ObjectStoreConfig>> {
  if (place.kind === 'rclone') return succeed({ kind: 'rclone', remote: place.remote });
  if (place.kind === 'directory') return succeed({ kind: 'directory', path: place.path });
  const { options, context } = asking;
  const { bucket } = place;
  const { endpoint, region } = options;
  const config = {
    ...{ kind: 's3', bucket },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
  };
  // Whoever has a profile or a role has said so; whoever has nothing holds a key in the hand.
  const ways = [
    'AWS_ACCESS_KEY_ID',
    'AWS_PROFILE',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
    'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  ];
  const relative = 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI';
  const home = context.environment.HOME ?? '';
  const hasFile = await isFile(
    context.environment.AWS_SHARED_CREDENTIALS_FILE || join(home, '.aws/credentials'),
  );
  if (hasFile || [...ways, relative].some((name) => context.environment[name])) return succeed(config);
  const about = `of the bucket ${bucket}`;
  const missing: MissingInput[] = [
    { name: accessKeyName, about: `access key ${about}`, secret: true },
    { name: secretKeyName, about: `secret key ${about}`, secret: true },
  ];
  const typed = await askForInputs({ mode: 'live', title: `the kit in s3://${bucket}`, missing }, asking);
  // Nobody is there: what this host is, a role may say.
  if (typed === undefined) return succeed(config);
  const [accessKey, secretKey] = [typed.get(accessKeyName), typed.get(secretKeyName)];
  return accessKey && secretKey ? succeed({ ...config, accessKey, secretKey }) : fail(noCredentials(bucket));
}

function noCredentials(bucket: string): Failure {
  return {
    code: 'answer-missing',
    message: `The credentials of the bucket ${bucket} are missing.`,
    remedy: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or run it on a terminal.',
    retry: 'after-fix',
  };
}
