import { parseDocument } from 'yaml';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { readPhp } from './php-settings.ts';

/**
 * Files of settings that are no env files, told by their ending: JSON and YAML (credentials of Rails once opened), ini files (Gitea's
 * app.ini), and PHP (Nextcloud's config.php).
 */
const forms: readonly (readonly [RegExp, (text: string) => ReadonlyMap<string, string> | undefined])[] = [
  [/\.(?:json|ya?ml)$/i, readTree],
  [/\.(?:ini|cfg|conf)$/i, readIni],
  [/\.php$/i, readPhp],
];

/** n8n's own file is called config, without an ending, and is JSON; no env file begins with a brace. */
const isBareTree = (path: string, text: string) =>
  /^[^.]+$/.test(path.slice(path.lastIndexOf('/') + 1)) && /^\uFEFF?\s*\{/.test(text);

/**
 * @returns each value by its name, in groups with dots: `security.SECRET_KEY`; undefined where it is none of these. Failures:
 * `invalid-input`, which quotes nothing of the file.
 */
export function readSettingsFile(
  text: string,
  { path }: { readonly path: string },
): Outcome<ReadonlyMap<string, string>> | undefined {
  const read =
    forms.find(([ending]) => ending.test(path))?.[1] ?? (isBareTree(path, text) ? readTree : undefined);
  if (read === undefined) return undefined;
  const values = read(text);
  if (values !== undefined) return succeed(values);
  return fail({
    code: 'invalid-input',
    message: `${path} is not what its name or its beginning says: it cannot be read.`,
    remedy: 'Look at it with an editor, or name the file that the application reads.',
    retry: 'after-fix',
  });
}

/** JSON is YAML, too. No reference may make a small file a large one. */
function readTree(text: string): ReadonlyMap<string, string> | undefined {
  const document = parseDocument(text.replace(/^\uFEFF/, ''), { logLevel: 'silent' });
  if (document.errors.length > 0) return undefined;
  try {
    const values = new Map<string, string>();
    collect(document.toJS({ maxAliasCount: 100 }), { name: '', values });
    return values;
  } catch {
    // Too many references.
    return undefined;
  }
}

function collect(
  value: unknown,
  { name, values }: { readonly name: string; readonly values: Map<string, string> },
): void {
  if (value === null || value === undefined) return;
  if (typeof value !== 'object') {
    values.set(name, String(value));
    return;
  }
  for (const [key, item] of Object.entries(value))
    collect(item, { name: name === '' ? key : `${name}.${key}`, values });
}

/** `[section]`, `name = value`, comments with # and ;. A value in quotes or back quotes stands without them. */
function readIni(text: string): ReadonlyMap<string, string> | undefined {
  const values = new Map<string, string>();
  let section = '';
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    if (/^\s*(?:[#;].*)?$/.test(line)) continue;
    const named = /^\s*\[(.+)\]\s*$/.exec(line)?.[1];
    if (named !== undefined) {
      section = `${named.trim()}.`;
      continue;
    }
    const [, name, value = ''] = /^\s*([^=:\s]+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined) return undefined;
    values.set(`${section}${name}`, /^(["'`])(.*)\1$/.exec(value)?.[2] ?? value);
  }
  return values;
}
