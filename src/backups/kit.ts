import { z } from 'zod';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { parseJson } from '../base/parse-json.ts';
import { checkSshSignature } from '../base/ssh-signature.ts';

/**
 * The kit: what a restore on a blank host begins with, beside the backups themselves. Below `thaw-kit/NAME/` of the backup store lie its
 * files, under names that their digests make (`files/…`), so that nothing is ever overwritten, and one list for each time it was made
 * (`….kit.json`), signed as a whole (`….kit.json.sig`). The newest list that has its signature counts: a kit that is being made, and one whose
 * making was ended, leave the one before it as it was.
 */
export const kitNamespace = 'kit@thaw';
export const kitFormat = 1;
export const kitsPrefix = 'thaw-kit/';

/** How a list ends, and its signature. */
const listEnding = '.kit.json';
export const signatureEnding = '.sig';

const kitRoles = ['runbook', 'program', 'services', 'values', 'environment', 'page', 'images'] as const;

/** Below the folder that a kit is unpacked into: no step upwards, nothing absolute, nothing that a terminal or a shell would read otherwise. */
const plainPath = z
  .string()
  .max(300)
  .regex(/^[\p{L}\p{N}_.@+][\p{L}\p{N}\p{M}_.@+=,()~/ -]*$/u)
  .refine((path) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'));

const file = z.object({
  path: plainPath,
  role: z.enum(kitRoles),
  /** Below the prefix of the kit. */
  object: plainPath,
  /** As it is unpacked; of what lies encrypted, as it lies there. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.int().min(0),
  /** How the object is packed. */
  packed: z.literal('gzip').optional(),
  executable: z.literal(true).optional(),
  /** Of a large file: how it was marked on the disk of the host that made the kit, so that it need not be read for each refresh. */
  source: z.string().max(200).optional(),
});

const kitSchema = z.object({
  thawKit: z.literal(kitFormat),
  /** Of the runbook. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  title: z.string(),
  madeAt: z.iso.datetime(),
  thawVersion: z.string(),
  /** A compose project is named after its folder: the kit is unpacked into one of the same name. */
  folder: plainPath.refine((name) => !name.includes('/')),
  /** Of Compose, where it is known. */
  project: z.string().optional(),
  files: z.array(file),
  /** Where the env file of production belongs. */
  environmentFile: plainPath.optional(),
  /** Inputs of the runbook that only the operator has: keys, passphrases, credentials. */
  asks: z.array(z.string()),
  /** What is referred to and is not in the kit. */
  left: z.array(z.object({ path: z.string(), why: z.string() })),
  images: z.array(z.object({ name: z.string(), digest: z.string().optional() })),
});
export type Kit = z.infer<typeof kitSchema>;
export type KitFile = z.infer<typeof file>;

export function kitPrefix(name: string): string {
  return `${kitsPrefix}${name}/`;
}

/** thaw-kit/crm/20261128T094500Z.kit.json: sorted by name is sorted by time. */
export function listKey(name: string, atMs: number): string {
  const stamp = new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${kitPrefix(name)}${stamp}${listEnding}`;
}

/** Of what is stored: by its digest, with its own name at the end for whoever fetches it by hand. */
export function objectName({ sha256, path, packed }: Pick<KitFile, 'sha256' | 'path' | 'packed'>): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/^\.+/, '');
  return `files/${sha256.slice(0, 16)}/${name}${packed === 'gzip' ? '.gz' : ''}`;
}

/** Which objects of a listing are lists with a signature, newest first, with the prefix of the kit they belong to. */
export function listsAmong(
  keys: readonly string[],
): readonly { readonly key: string; readonly prefix: string }[] {
  const there = new Set(keys);
  return keys
    .filter((key) => key.endsWith(listEnding) && there.has(`${key}${signatureEnding}`))
    .map((key) => ({ key, prefix: key.slice(0, key.lastIndexOf('/') + 1) }))
    .sort((one, other) => (one.key < other.key ? 1 : -1));
}

/** Whether a key of the backup store belongs to a kit. */
export function isOfKit(key: string): boolean {
  return key.startsWith(kitsPrefix) || key.includes(`/${kitsPrefix}`);
}

export function writeKit(kit: Kit): string {
  return `${JSON.stringify(kit, null, 2)}\n`;
}

/** Who signed a list, before a word of it is believed. */
export function signerOfKit(
  text: string,
  { signature, from }: { readonly signature: string; readonly from: string },
): Outcome<string> {
  const checked = checkSshSignature(signature, { namespace: kitNamespace, message: text });
  if (checked.ok) return succeed(checked.fingerprint);
  return fail({
    code: 'damaged',
    message: `Nobody vouches for the kit ${from}: its signature ${checked.why}.`,
    remedy: 'Use another copy of the bucket, or find out who changed it.',
    retry: 'after-fix',
  });
}

/** Of a format this thaw does not know nothing is guessed. */
export function readKit(text: string, from: string): Outcome<Kit> {
  const raw = parseJson(text);
  const format = raw !== null && typeof raw === 'object' && 'thawKit' in raw ? raw.thawKit : undefined;
  if (typeof format === 'number' && format > kitFormat) {
    const made =
      'thawVersion' in (raw as object)
        ? ` by thaw ${String((raw as { thawVersion: unknown }).thawVersion)}`
        : '';
    return fail({
      code: 'invalid-input',
      message: `The kit ${from} has format ${format} and was made${made}; this thaw reads formats up to ${kitFormat}.`,
      remedy: 'Use the program that lies in the kit itself: its page says how to fetch it.',
      retry: 'after-fix',
    });
  }
  const read = kitSchema.safeParse(raw);
  if (read.success && hasDistinctPaths(read.data)) return succeed(read.data);
  const why = read.success
    ? 'a path stands there twice'
    : read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  return fail({
    code: 'damaged',
    message: `The kit ${from} cannot be used: ${why}.`,
    remedy: 'Use another copy of the bucket, or find out who changed it.',
    retry: 'after-fix',
  });
}

function hasDistinctPaths({ files }: Kit): boolean {
  return new Set(files.map(({ path }) => path)).size === files.length;
}

/** So many characters of a fingerprint, of the 43 after SHA256:, are 96 bits: as good as all of them, and can be typed in the night. */
const leastTyped = 16;

/** Of a kit that is not believed yet, for a screen: whole, a fingerprint would be typed from there, and not from the paper. */
export function shortSigner(fingerprint: string): string {
  return `${fingerprint.slice(0, 11)}…${fingerprint.slice(-4)}`;
}

/** Whether what somebody gave or typed names this key: the whole fingerprint, or its beginning. */
export function namesSigner(given: string, fingerprint: string): boolean {
  const typed = given
    .trim()
    .replace(/^SHA256:/i, '')
    .replace(/\s/g, '');
  const own = fingerprint.replace(/^SHA256:/, '');
  return typed.length >= leastTyped && own.startsWith(typed);
}
