import { parseEnv } from 'node:util';
import { type EnvFile, type EnvStatement, readEnvFile } from '../base/env-file.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { readSettingsFile } from './settings-file.ts';

/**
 * Variables that not everybody reads as Compose does, each with who reads another value. An operator who sources the file, or a
 * program that Node starts with it, would then have another key than the application in its container.
 */
function readOtherwise(text: string, file: EnvFile): ReadonlyMap<string, string> {
  const node = parseEnv(text);
  const others = new Map<string, string>();
  for (const name of file.values.keys()) {
    const statements = file.statements.filter((statement) => statement.name === name);
    const last = statements.at(-1);
    if (last === undefined) continue;
    const who = [
      ...(shellValue(last, file) === last.value ? [] : ['a shell']),
      ...(node[name] === last.value ? [] : ['Node']),
    ];
    if (who.length > 0) others.set(name, who.join(' and '));
  }
  return others;
}

export type EnvNames = {
  readonly values: ReadonlyMap<string, string>;
  /** A sentence, without any value, on what is read otherwise elsewhere; undefined where everybody agrees. */
  readonly note: string | undefined;
};

/** The values of an env file, or of another file of settings, with what there is to say about these names. */
export function readEnvNames(
  text: string,
  { path, names }: { readonly path: string; readonly names: readonly string[] },
): Outcome<EnvNames> {
  const settings = readSettingsFile(text, { path });
  if (settings !== undefined)
    return settings.ok ? succeed({ values: settings.value, note: undefined }) : settings;
  const file = readEnvFile(text, { path });
  if (!file.ok) return file;
  const note = sayOtherwise(names, {
    path,
    otherwise: readOtherwise(text, file.value),
    unset: dependsOnOutside(file.value),
  });
  return succeed({ values: file.value.values, note });
}

function sayOtherwise(
  names: readonly string[],
  file: {
    readonly path: string;
    readonly otherwise: ReadonlyMap<string, string>;
    readonly unset: ReadonlyMap<string, string>;
  },
): string | undefined {
  const parts = names.flatMap((name) => {
    const who = file.otherwise.get(name);
    const missing = file.unset.get(name);
    return [
      ...(who === undefined ? [] : [`${who} would read another value of ${name}`]),
      ...(missing === undefined ? [] : [`${name} takes ${missing} from outside the file`]),
    ];
  });
  if (parts.length === 0) return undefined;
  return `${file.path} is read as Docker Compose reads it; ${parts.join('; ')}`;
}

/** Variables whose value depends on others that the file does not set: names of both. */
function dependsOnOutside(file: EnvFile): ReadonlyMap<string, string> {
  const last = new Map(file.statements.map((statement) => [statement.name, statement]));
  return new Map(
    [...last.values()].flatMap(({ name, unset }) =>
      unset.length === 0 ? [] : [[name, [...new Set(unset)].join(', ')] as const],
    ),
  );
}

/** Whatever anybody may take for the value of a variable: all of it is to be masked. */
export function everyReading(
  text: string,
  { path }: { readonly path: string },
): readonly (readonly [string, string])[] {
  const settings = readSettingsFile(text, { path });
  const file = readEnvFile(text, { path: '' });
  const raw = [...text.matchAll(/^[^\S\n]*(?:export\s+)?([\w.-]+)\s*[=:][^\S\n]*(.*?)\s*$/gm)];
  return [
    ...(settings?.ok ? settings.value : []),
    ...(file.ok ? file.value.values : []),
    ...Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? ''] as const),
    ...raw.map(([, name = '', value = '']) => [name, value] as const),
  ];
}

/** What `set -a; . FILE` gives, as far as it can be told without running anything; undefined where it cannot. */
function shellValue(statement: EnvStatement, file: EnvFile): string | undefined {
  const assignment = /^(?:export[ \t]+)?[A-Za-z_]\w*=/.exec(statement.source);
  if (assignment === null) return undefined;
  const source = statement.source.slice(assignment[0].length);
  let value = '';
  let quote = '';
  for (let at = 0; at < source.length; at += 1) {
    const letter = source.charAt(at);
    if (quote === "'") {
      if (letter === "'") quote = '';
      else value += letter;
    } else if (letter === '\\') {
      at += 1;
      const escaped = source.charAt(at);
      if (escaped !== '\n') value += quote === '"' && !'$`"\\'.includes(escaped) ? `\\${escaped}` : escaped;
    } else if (letter === '`') return undefined;
    else if (letter === '$') {
      const name = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/.exec(source.slice(at));
      if (name !== null) {
        value += file.values.get(name[1] ?? name[2] ?? '') ?? '';
        at += name[0].length - 1;
      } else if (/^\$[\w({$!?#@*'"-]/.test(source.slice(at))) return undefined;
      else value += letter;
    } else if (letter === '"') quote = quote === '"' ? '' : '"';
    else if (quote === '"') value += letter;
    else if (letter === "'") quote = "'";
    else if (letter === '\n') return value;
    else if (letter === ' ' || letter === '\t') {
      // A comment may follow; anything else would be a command with that variable.
      return /^[ \t]*(#[^\n]*)?\n?$/.test(source.slice(at)) ? value : undefined;
    } else if (/[;&|<>()\r]/.test(letter) || (letter === '~' && value === '')) return undefined;
    else value += letter;
  }
  return quote === '' ? value : undefined;
}
