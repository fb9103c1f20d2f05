import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { closestTo } from '../base/did-you-mean.ts';
import { sha256 } from '../base/digest.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { errorWords } from '../base/thrown.ts';
import { findOpenPoints, type OpenPoint } from './open-points.ts';
import type { Runbook } from './schema.ts';

type ParsedRunbook = {
  readonly runbook: Runbook;
  /** SHA-256 of the file's text, hex: a run refuses to go on with another runbook. */
  readonly fingerprint: string;
  /** What its writer did not know, as marked comments say. */
  readonly openPoints: readonly OpenPoint[];
};

/** Reads a runbook's YAML. Fails with `runbook-invalid`, one line a fault, each with its line number. */
export function parseRunbook(source: {
  readonly path: string;
  readonly text: string;
  readonly schema: z.ZodType<Runbook>;
}): Outcome<ParsedRunbook> {
  const lineCounter = new LineCounter();
  const document = parseDocument(source.text, { lineCounter, prettyErrors: true });
  // The library goes down one call for each level, and says so when it came to the end of the stack.
  if (document.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION'))
    return invalid(source.path, ['it is nested too deeply']);
  // A warning (an unknown tag, say) means that the text is not read as its writer meant it.
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return invalid(
      source.path,
      faults.map(
        ({ code, linePos, message }) =>
          (code === 'TAB_AS_INDENT'
            ? `line ${linePos?.[0].line ?? 1} is indented with a tab, and YAML takes only blanks`
            : message.split('\n')[0]?.replace(/:$/, '')) ?? message,
      ),
    );
  }
  const value = toValue(document);
  if (!value.ok) return invalid(source.path, [value.fault]);
  const meant = new Set<string>();
  const parsed = source.schema.safeParse(value.value, { error: (issue) => sayIssue(issue, meant) });
  if (!parsed.success) {
    const faults = parsed.error.issues
      // What is missing only because its name is misspelt is told once, where it is misspelt.
      .filter(({ message, path }) => message !== missing || !meant.has(path.join('.')))
      .map((issue) => {
        const { line } = lineCounter.linePos(offsetOf(document, issue));
        return `line ${line}, ${issue.path.join('.') || 'the file'}: ${issue.message}`;
      });
    return invalid(source.path, faults);
  }
  return succeed({
    runbook: parsed.data,
    fingerprint: sha256(source.text),
    openPoints: findOpenPoints(source.text),
  });
}

const missing = 'is missing';

/**
 * What zod says of a fault, in our words where it names keys and kinds: with the one that was probably meant.
 * @param meant takes the path of each key that was probably meant.
 */
function sayIssue(issue: z.core.$ZodRawIssue, meant: Set<string>): string | undefined {
  if (issue.input === undefined) return missing;
  if (issue.code === 'unrecognized_keys') {
    const known = keysOf(issue.inst);
    return issue.keys
      .map((key) => {
        const close = closestTo(key, known);
        if (close === undefined) return `there is no key ${key} here; there are ${known.join(', ')}`;
        meant.add([...(issue.path ?? []), close].join('.'));
        return `there is no key ${key} here; did you mean ${close}?`;
      })
      .join('; ');
  }
  if (issue.code !== 'invalid_union' || issue.discriminator === undefined) return undefined;
  const said = wordOf(issue.input, issue.discriminator);
  const known = Array.isArray(issue.options) ? issue.options.map(String) : [];
  if (said === undefined || known.length === 0) return undefined;
  const close = known.find((one) => otherNames[one]?.includes(said)) ?? closestTo(said, known);
  const hint =
    repositories.includes(said) && known.includes('directory')
      ? `its own program brings the dumps out of such a repository into a folder, which is of kind directory; there are ${known.join(', ')}`
      : close === undefined
        ? `there are ${known.join(', ')}`
        : `did you mean ${close}?`;
  return `there is no ${issue.discriminator} ${said}; ${hint}`;
}

/** What people call a kind. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  s3: ['aws', 'minio', 'r2', 'b2', 'wasabi', 'spaces', 'ceph', 'garage', 'bucket'],
  directory: ['folder', 'dir', 'local', 'file', 'filesystem', 'path', 'nfs'],
  rclone: ['sftp', 'ssh', 'ftp', 'gcs', 'azure', 'webdav', 'dropbox', 'drive', 'smb'],
  compose: ['docker', 'docker-compose', 'podman'],
  kubernetes: ['k8s', 'kubectl', 'helm'],
  process: ['systemd', 'pm2', 'supervisor'],
};

/** They keep pieces of files under names of their own: no dump can be found in them by its key. */
const repositories = ['restic', 'borg', 'borgmatic', 'kopia', 'duplicity', 'duplicati'];

/** Of the object that refuses a key: the keys that it knows. */
function keysOf(schema: unknown): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function wordOf(value: unknown, key: string): string | undefined {
  const word = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof word === 'string' ? word : undefined;
}

/** Aliases are followed only here: one that leads nowhere, or too many of them, is thrown by the library. */
function toValue(
  document: Document,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: string } {
  try {
    return { ok: true, value: document.toJS() };
  } catch (error) {
    return { ok: false, fault: errorWords(error) };
  }
}

/** Where the text that an issue speaks of begins: the key nobody knows, the value, or what should have held it. */
function offsetOf(document: Document, issue: z.core.$ZodIssue): number {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (!isNode(node)) continue;
    const key = length === path.length ? offsetOfUnknownKey(node, issue) : undefined;
    return key ?? node.range?.[0] ?? 0;
  }
  return offsetOfUnknownKey(document.contents, issue) ?? 0;
}

function offsetOfUnknownKey(node: unknown, issue: z.core.$ZodIssue): number | undefined {
  if (issue.code !== 'unrecognized_keys' || !isMap(node)) return undefined;
  const pair = node.items.find((item) => isNode(item.key) && issue.keys.includes(String(item.key)));
  return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
}

const mostShown = 20;

function invalid(path: string, all: readonly string[]) {
  const found = [...new Set(all)];
  const rest = found.length - mostShown;
  const faults = rest > 0 ? [...found.slice(0, mostShown), `and ${rest} more`] : found;
  const count = found.length === 1 ? 'a fault' : `${found.length} faults`;
  return fail({
    code: 'runbook-invalid',
    message: `Runbook ${path} has ${count}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    remedy:
      'Correct the file, then run `thaw lint`; docs/reference.md names every key, and editors know the JSON Schema.',
    retry: 'after-fix',
  });
}

/** The JSON Schema for editors, generated from the same zod schema. */
export function runbookJsonSchema(schema: z.ZodType<Runbook>): unknown {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
}
