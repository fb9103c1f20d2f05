import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { readEnvFile } from '../../base/env-file.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { shellLine } from '../../base/quoting.ts';
import type { ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';
import type { OpenedFile, SealedFile, SecretFileFormat, SecretFiles } from '../../ports/secret-files.ts';
import type { KeyDescription } from '../../ports/unpacker.ts';
import { readSealedFile } from './read-sealed-file.ts';
import { describeSopsEnd, forSomebodyElse, sopsMissing } from './sops-failure.ts';

const stallMs = 30_000;

/** Nobody's home: sops would look there for other keys, and what opens the file must be the key that was named. */
const nowhere = '/nonexistent';

type Parts = {
  readonly processes: ProcessRunner;
  /** Reads the age identities, and refuses those that others may read. */
  readonly describeKey: (identityFile: string) => Promise<Outcome<KeyDescription>>;
};

/** SOPS files (github.com/getsops/sops), opened by the sops program itself with an age key. */
export function openSopsSecretFiles(parts: Parts): SecretFiles {
  return {
    describe: (sealed) =>
      shellLine(['sops', ...decrypting(sealed, sealed.format)], { SOPS_AGE_KEY_FILE: sealed.identityFile }),
    inspect: (sealed) => inspect(sealed, parts),
    open: ({ sealed, signal }) => open(sealed, { ...parts, signal }),
  };
}

async function inspect(sealed: SealedFile, parts: Parts): Promise<readonly Outcome<string>[]> {
  const [tool, key, file] = await Promise.all([
    findVersion(sealed, parts),
    parts.describeKey(sealed.identityFile),
    readSealedFile(sealed),
  ]);
  const ofKey = key.ok ? succeed(`${sealed.identityFile} is kept as a secret: ${key.value.text}`) : key;
  if (!key.ok || !file.ok) return [tool, ofKey, file.ok ? succeed(`${sealed.path} is a SOPS file`) : file];
  const forUs = match(sealed, { recipients: file.value.recipients, own: ownOf(key.value) });
  if (!forUs.ok) return [tool, ofKey, forUs];
  const since = file.value.modified === undefined ? '' : `, last changed ${file.value.modified}`;
  return [tool, ofKey, succeed(`${sealed.path} is a SOPS file encrypted to this key${since}`)];
}

async function open(
  sealed: SealedFile,
  parts: Parts & { readonly signal: AbortSignal },
): Promise<Outcome<OpenedFile>> {
  const key = await parts.describeKey(sealed.identityFile);
  if (!key.ok) return key;
  const file = await readSealedFile(sealed);
  if (!file.ok) return file;
  const forUs = match(sealed, { recipients: file.value.recipients, own: ownOf(key.value) });
  if (!forUs.ok) return forUs;
  const opened = await decrypt({ sealed, as: sealed.format }, parts);
  if (!opened.ok) return opened;
  const content = opened.value;
  if (sealed.format === 'dotenv') {
    const values = readDotenv(content.toString(), sealed.path);
    return values.ok ? succeed({ content, values: values.value }) : values;
  }
  if (sealed.format === 'binary') return succeed({ content, values: new Map([['', content.toString()]]) });
  // sops reads YAML itself, anchors and tags included, and says the same in JSON.
  const tree = sealed.format === 'json' ? opened : await decrypt({ sealed, as: 'json' }, parts);
  return tree.ok ? succeed({ content, values: readTree(tree.value.toString()) }) : tree;
}

/** Every value of an opened file by its name: db.password, list.0. */
export function readDotenv(text: string, path: string): Outcome<ReadonlyMap<string, string>> {
  const read = readEnvFile(text, { path });
  return read.ok ? succeed(read.value.values) : read;
}

/** @param text JSON that sops itself wrote. */
export function readTree(text: string): ReadonlyMap<string, string> {
  return new Map(leavesOf(JSON.parse(text), ''));
}

function leavesOf(value: unknown, name: string): readonly (readonly [string, string])[] {
  if (value === null || typeof value !== 'object') return [[name, String(value ?? '')]];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, name === '' ? key : `${name}.${key}`),
  );
}

function match(
  sealed: SealedFile,
  who: { readonly recipients: readonly string[]; readonly own: readonly string[] },
): Outcome<void> {
  const isOurs = who.recipients.some((recipient) => who.own.includes(recipient));
  return isOurs ? succeed(undefined) : fail(forSomebodyElse(sealed, who));
}

function ownOf(key: KeyDescription): readonly string[] {
  return key.text.split(', ');
}

function decrypting(sealed: SealedFile, as: SecretFileFormat): readonly string[] {
  return ['--decrypt', '--input-type', sealed.format, '--output-type', as, resolve(sealed.path)];
}

/** What came is whole only when the exit status says so: sops checks the MAC over all values before it writes any. */
async function decrypt(
  what: { readonly sealed: SealedFile; readonly as: SecretFileFormat },
  parts: Parts & { readonly signal: AbortSignal },
): Promise<Outcome<Buffer>> {
  const chunks: Buffer[] = [];
  const outputTo = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  const args = decrypting(what.sealed, what.as);
  const ended = await runSops({ sealed: what.sealed, args, more: { outputTo, signal: parts.signal } }, parts);
  if (!ended.ok) return ended;
  if (ended.value.exitCode !== 0) return fail(describeSopsEnd(what.sealed, ended.value));
  return succeed(Buffer.concat(chunks));
}

async function findVersion(sealed: SealedFile, parts: Parts): Promise<Outcome<string>> {
  const ended = await runSops({ sealed, args: ['--version'], more: {} }, parts);
  if (!ended.ok) return ended;
  const version = /\d+\.\d+\.\d+/.exec(ended.value.stdout)?.[0] ?? 'of an unknown version';
  return succeed(`sops ${version} is there`);
}

async function runSops(
  call: {
    readonly sealed: SealedFile;
    readonly args: readonly string[];
    readonly more: { readonly outputTo?: Writable; readonly signal?: AbortSignal };
  },
  { processes }: Parts,
): Promise<Outcome<ProcessResult>> {
  const ended = await processes.run({
    program: 'sops',
    args: call.args,
    env: {
      HOME: nowhere,
      XDG_CONFIG_HOME: nowhere,
      SOPS_AGE_KEY_FILE: resolve(call.sealed.identityFile),
      // A file that is for a cloud's key service too is opened without asking that service.
      SOPS_DECRYPTION_ORDER: 'age',
      SOPS_DISABLE_VERSION_CHECK: '1',
    },
    stallMs,
    ...call.more,
  });
  return ended.ok || ended.failure.code !== 'tool-missing' ? ended : fail(sopsMissing);
}
