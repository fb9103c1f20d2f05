import { alertKinds } from '../adapters/alerts/list.ts';
import { everyReading } from '../backups/read-otherwise.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import { createMasking, type Masking } from '../base/secret.ts';
import { namesIn, passwordIn, secretsOf } from '../base/secret-values.ts';
import { resolveTargets } from '../engine/targets.ts';
import {
  fillReferences,
  findReferences,
  findUrlBreakers,
  type InputField,
  listMissing,
  neededIn,
  resolveInputs,
} from '../kinds/references.ts';
import type { Targets } from '../kinds/targets.ts';
import { hearOfSecrets } from '../platform/learned-secrets.ts';
import { handlers, runbookSchema } from '../registry/kinds.ts';
import { lintRunbook } from '../runbook/lint-runbook.ts';
import type { OpenPoint } from '../runbook/open-points.ts';
import { parseRunbook } from '../runbook/parse-runbook.ts';
import type { Runbook } from '../runbook/schema.ts';
import type { MissingInput } from '../session/missing-input.ts';
import { stores } from '../stores/list.ts';
import { maskInTrace } from './debug-trace.ts';
import { placeOf, readEnvFiles } from './env-files.ts';
import { findRunbook, refuseOtherFiles, type Where } from './find-runbook.ts';
import { type GivenValue, weighValues } from './given-values.ts';
import { type KitFolder, kitAround, meantByKit } from './kit-folder.ts';
import { readText } from './read-text.ts';

export type LoadedRunbook = {
  readonly path: string;
  readonly fingerprint: string;
  /** As written, placeholders and all. */
  readonly runbook: Runbook;
  /** The kit that it lies in. */
  readonly kit?: KitFolder;
  /** What its writer did not know, as marked comments say. */
  readonly openPoints: readonly OpenPoint[];
};

export type ReadyRunbook = LoadedRunbook &
  Masking & {
    /** With every placeholder filled for this mode. */
    readonly filled: Runbook;
    /** Where each needed value came from. */
    readonly values: readonly GivenValue[];
    /** Of --env-file, in full. */
    readonly envFiles: readonly string[];
    readonly targets: Targets;
  };

/** Finds a runbook by name or path, reads it, and refuses one that does not hold together. */
export async function loadRunbook(name: string, where: Where): Promise<Outcome<LoadedRunbook>> {
  const path = await findRunbook(name, where);
  if (!path.ok) return path;
  const fit = await refuseOtherFiles(path.value);
  if (!fit.ok) return fit;
  const text = await readText(path.value);
  if (!text.ok) return text;
  const parsed = parseRunbook({ path: path.value, text: text.value, schema: runbookSchema });
  if (!parsed.ok) return parsed;
  const findings = lintRunbook(parsed.value.runbook, handlers);
  if (findings.length === 0) {
    const kit = await kitAround(path.value);
    if (!kit.ok) return kit;
    const around = kit.value === undefined ? {} : { kit: kit.value };
    return succeed({ path: path.value, ...parsed.value, ...around });
  }
  return fail({
    code: 'runbook-invalid',
    message: `Runbook ${path.value} does not hold together:\n${findings.map((finding) => `  ${finding}`).join('\n')}`,
    remedy: 'Correct the file, then run `thaw lint`.',
    retry: 'after-fix',
  });
}

/**
 * Relative paths of a runbook count from the folder that one works in: for a runbook out of a kit, that is the folder of the kit. Called by
 * whoever begins to work with it, and not by whoever only looks.
 */
export function standInKit({ kit }: Pick<LoadedRunbook, 'kit'>): void {
  if (kit !== undefined) process.chdir(kit.folder);
}

/** Fills the placeholders that this mode needs, and learns every secret there is to mask. */
export async function readyRunbook(
  loaded: LoadedRunbook,
  request: ReadyRequest,
): Promise<Outcome<ReadyRunbook>> {
  const { runbook } = loaded;
  const needs = await collectNeeds(loaded, request);
  if (!needs.ok) return needs;
  const { inputs } = runbook;
  const values = resolveInputs(needs.value);
  if (!values.ok) return values;
  const breakers = findUrlBreakers(runbook, values.value);
  if (breakers.length > 0) return fail(notEncoded(breakers));
  const filled = fillReferences(runbook, values.value);
  const targets = resolveTargets(filled, request.mode);
  // A tabletop reads nothing of the system it speaks of, so nothing of its .env can come out again.
  const envFile = request.mode === 'tabletop' ? undefined : targets.production.envFile;
  const known = await collectSecrets({
    ...{ inputs, values: values.value, filled, envFile },
    fromFiles: needs.value.fromFiles,
  });
  const given = needs.value.needed.flatMap((name) => needs.value.given.get(name) ?? []);
  const masking = createMasking(known);
  hearOfSecrets(masking.mask);
  maskInTrace(masking.redact);
  const envFiles = request.envFiles.map(placeOf);
  return succeed({ ...loaded, filled, targets, values: given, envFiles, ...masking });
}

function notEncoded(names: readonly string[]): Failure {
  return {
    code: 'invalid-input',
    message: `${names.join(', ')}: the value holds a sign that ends a user name or password inside a URL (one of @ / # ? [ ] \\ or a blank).`,
    remedy: 'Give it percent-encoded: %40 for @, %2F for /, %23 for #, %3F for ?.',
    retry: 'after-fix',
  };
}

/** What this mode needs and nothing gives, with what the runbook says about each. */
export async function listMissingInputs(
  loaded: LoadedRunbook,
  request: ReadyRequest,
): Promise<readonly MissingInput[]> {
  const { runbook, kit } = loaded;
  const needs = await collectNeeds(loaded, request);
  if (!needs.ok) return [];
  const { needed, given } = needs.value;
  const described = (name: string): MissingInput => {
    const input = runbook.inputs[name];
    return { name, about: input?.about ?? 'named by the runbook', secret: input?.secret ?? true };
  };
  // Where a kit was made, the keys lay ready; whoever restores from it brings them.
  const brought = (kit?.kit.asks ?? []).filter(
    (name) => needed.includes(name) && given.get(name)?.value === '',
  );
  return [
    ...listMissing(needs.value).map(described),
    ...brought.map((name) => ({ ...described(name), optional: true as const })),
  ];
}

type ReadyRequest = {
  readonly mode: Mode;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly envFiles: readonly string[];
  /** What a person typed, because nothing else gave it. */
  readonly typed?: ReadonlyMap<string, string>;
  /** Looking into the backup store needs no credential of production. */
  readonly backupsOnly?: boolean;
  /** The sections whose placeholders must be filled, where a command does not walk the steps. */
  readonly needs?: (runbook: Runbook) => unknown;
  /** Sections that are of use where their placeholders have values, and are done without where not. */
  readonly wants?: (runbook: Runbook) => unknown;
};

async function collectNeeds({ runbook, kit }: Pick<LoadedRunbook, 'runbook' | 'kit'>, request: ReadyRequest) {
  const fromFiles = await readEnvFiles(request.envFiles, request.environment);
  if (!fromFiles.ok) return fromFiles;
  // Whoever restores need not hold what making backups takes.
  const { inputs, producer: _producer, retention: _retention, monitor: _monitor, ...always } = runbook;
  const needs = request.needs?.(runbook) ?? (request.backupsOnly ? always.backups : undefined);
  const needed = findReferences(needs ?? neededIn(request.mode, always));
  const given = weighValues({
    ...{ ...request, inputs, files: fromFiles.value },
    ...(kit && meantByKit(kit, { store: runbook.backups.store, environment: request.environment })),
  });
  const environment = Object.fromEntries([...given.values()].map(({ name, value }) => [name, value]));
  // A tabletop needs no value: a placeholder that nothing fills stays as it is written.
  const isFilled = (name: string) => environment[name] !== undefined || inputs[name]?.default !== undefined;
  return succeed({
    inputs,
    needed: [
      ...(request.mode === 'tabletop' ? needed.filter(isFilled) : needed),
      ...findReferences(request.wants?.(runbook)).filter((name) => isFilled(name) && !needed.includes(name)),
    ],
    environment,
    given,
    fromFiles: fromFiles.value.flatMap(({ values }) =>
      Object.entries(values).map(([name, value = '']) => [name, value] as const),
    ),
  });
}

/**
 * Every value that must not be seen: inputs marked secret, passwords inside URLs, and what looks like a secret in the
 * application's env file. A secret that is also a public name (a password `postgres`) cannot be masked without masking the
 * name everywhere, and is left out.
 */
export async function collectSecrets(request: {
  readonly inputs: Readonly<Record<string, InputField>>;
  readonly values: ReadonlyMap<string, string>;
  /** The runbook with its placeholders filled. */
  readonly filled: unknown;
  readonly envFile: string | undefined;
  /** Every value of the files that were given with --env-file, whether the runbook asks for it or not. */
  readonly fromFiles: Iterable<readonly [string, string]>;
}): Promise<{ readonly secrets: readonly string[]; readonly publicNames: ReadonlySet<string> }> {
  const secrets: string[] = [];
  const known: string[] = [];
  for (const [name, value] of request.values) {
    secrets.push(...passwordIn(value));
    if (request.inputs[name]?.secret) secrets.push(value);
    else known.push(value);
    known.push(...namesIn(value));
  }
  const env = await readEnv(request.envFile);
  secrets.push(...secretsOf([...env, ...request.fromFiles]));
  // What stands where a credential belongs is one, whatever the runbook says of the input that it came from.
  const credentials = new Set(credentialsIn(request.filled));
  secrets.push(...credentials);
  return { secrets, publicNames: new Set(known.filter((name) => !credentials.has(name))) };
}

/** Of every store and alert channel in it, by what their kinds declare to be a secret. */
function credentialsIn(value: unknown): readonly string[] {
  if (value === null || typeof value !== 'object') return [];
  const kind = 'kind' in value ? value.kind : undefined;
  const names = [...stores, ...alertKinds].flatMap((one) => (one.kind === kind ? one.secrets : []));
  return Object.entries(value).flatMap(([name, field]) => {
    if (typeof field !== 'string') return credentialsIn(field);
    return names.includes(name) && findReferences(field).length === 0 ? [field] : [];
  });
}

/** Read in every way, since what reads the file otherwise may print it, too. */
async function readEnv(path: string | undefined) {
  if (path === undefined) return [];
  // A missing file is told by the step that needs it.
  const text = await readText(path);
  return everyReading(text.ok ? text.value : '', { path });
}
