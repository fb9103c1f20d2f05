import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { type CommandContext, printLine } from '../../app/command-context.ts';
import { exitStatus } from '../../app/exit-status.ts';
import type { Options } from '../../app/options.ts';
import { assert } from '../../base/assert.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { draftRunbook } from '../../draft/draft-runbook.ts';
import type { Survey } from '../../draft/survey.ts';
import { replaceFile, writeNewFile } from '../../platform/durable-files.ts';
import { readWhole } from '../../platform/read-whole.ts';
import { handlers, runbookSchema } from '../../registry/kinds.ts';
import { createWorld } from '../../registry/wire.ts';
import { lintRunbook } from '../../runbook/lint-runbook.ts';
import { sayOpenPoints } from '../../runbook/open-points.ts';
import { parseRunbook } from '../../runbook/parse-runbook.ts';
import { surveyFolder } from './init/survey-folder.ts';

type Context = Pick<CommandContext, 'environment' | 'folder' | 'stdout' | 'stderr'>;

/** Looks around, drafts a runbook, and says what to do next. */
export async function init(
  request: {
    readonly name: string | undefined;
    readonly options: Options<'store' | 'print' | 'overwrite' | 'envFiles'>;
  },
  context: Context,
): Promise<Outcome<number>> {
  const { options } = request;
  const { environment, folder } = context;
  const name = request.name ?? nameAfter(folder);
  if (!/^[a-z][a-z0-9-]*$/.test(name)) return fail(badName(name));
  const path = join(folder, 'runbooks', `${name}.yaml`);
  const world = createWorld(environment);
  try {
    const seen = await surveyFolder(
      { folder, environment, envFiles: options.envFiles, store: options.store },
      world,
    );
    if (!seen.ok) return seen;
    const drafted = readBack(draftRunbook(seen.value, name), path);
    if (options.print) for (const line of drafted.text.trimEnd().split('\n')) printLine(context, line);
    else {
      const written = await write({ path, text: drafted.text, overwrite: options.overwrite });
      if (!written.ok) return written;
    }
    // What is printed goes into a file or a pager: words about it would stand in its middle.
    const say = (line: string) =>
      printLine({ stdout: options.print ? context.stderr : context.stdout }, line);
    for (const line of sayFound(seen.value)) say(line);
    const points = sayOpenPoints(drafted.openPoints);
    for (const line of points) say(line);
    if (options.print) return succeed(exitStatus.verified);
    say(
      `${relative(folder, path)} is written: it holds together, and ${count(points.length, 'point')} of it ${points.length === 1 ? 'is' : 'are'} open (TO DO:).`,
    );
    for (const line of sayNext(name, { survey: seen.value, wanted: drafted.wanted, context })) say(line);
    return succeed(exitStatus.verified);
  } finally {
    await world.close();
  }
}

/** A draft that does not hold together would be a bug: then nothing is written. */
function readBack(text: string, path: string) {
  const parsed = parseRunbook({ path, text, schema: runbookSchema });
  assert(parsed.ok, `what thaw init drafts is a runbook${parsed.ok ? '' : `: ${parsed.failure.message}`}`);
  const findings = lintRunbook(parsed.value.runbook, handlers);
  assert(findings.length === 0, `what thaw init drafts holds together: ${findings.join(' ')}`);
  const wanted = Object.entries(parsed.value.runbook.inputs).flatMap(([name, input]) =>
    input.default === undefined ? [name] : [],
  );
  return { text, wanted, openPoints: parsed.value.openPoints };
}

async function write(file: {
  readonly path: string;
  readonly text: string;
  readonly overwrite: boolean;
}): Promise<Outcome<void>> {
  const { path, text, overwrite } = file;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeNewFile({ path, content: text });
    return succeed(undefined);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') return fail(describeFileFailure({ doing: `write ${path}`, error }));
    if (!overwrite) return fail(thereAlready(path));
  }
  try {
    // What somebody wrote by hand is kept, each version once.
    const before = await readWhole(path);
    const mark = createHash('sha256').update(before).digest('hex').slice(0, 8);
    await replaceFile({ path: `${path}.before-${mark}`, content: before });
    await replaceFile({ path, content: text });
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing: `write ${path}`, error }));
  }
}

function sayFound({ compose, envFiles, store, folder }: Survey): readonly string[] {
  const listed = store?.listed;
  return [
    compose === undefined
      ? `No compose file in ${folder}.`
      : `${compose.file}: ${compose.model.services.map(({ name }) => name).join(', ')}.`,
    envFiles.length === 0
      ? `No env file in ${folder}.`
      : `Env files: ${envFiles.map(({ path }) => path).join(', ')}.`,
    store === undefined
      ? 'No store of backups: looked for backup containers in the compose file, BACKUP_S3_BUCKET in env files, and the folders backups, backup, dumps. Name it: thaw init --store s3://BUCKET/PREFIX, rclone:REMOTE:PATH or FOLDER.'
      : `${store.address}, told by ${store.from}: ${
          listed === undefined
            ? 'not looked into'
            : `${count(listed.count, 'object')}${listed.recognised === undefined ? '' : `, as ${listed.recognised.name} leaves them`}`
        }.`,
  ];
}

/** First the values that are at hand nowhere, then the two commands. */
function sayNext(
  name: string,
  of: { readonly survey: Survey; readonly wanted: readonly string[]; readonly context: Context },
): readonly string[] {
  const { survey, wanted, context } = of;
  const missing = wanted.filter((one) => !context.environment[one]);
  const givers = survey.envFiles.filter(({ values }) => missing.some((one) => values.get(one)));
  const left = missing.filter((one) => !givers.some(({ values }) => values.get(one)));
  const files = givers.map(({ path }) => ` --env-file ${relative(context.folder, path) || path}`).join('');
  return [
    ...(left.length === 0
      ? []
      : [
          `→ Values that nothing here gives: ${left.join(', ')}. Set them in the environment, or in a file with --env-file.`,
        ]),
    `→ thaw check ${name}${files}`,
    `→ thaw drill ${name} --snapshot latest${files}`,
  ];
}

function count(number: number, word: string): string {
  return `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`;
}

/** An id of the folder's own name: /srv/My App 2 -> my-app-2 */
function nameAfter(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '');
  return name === '' ? 'system' : name;
}

function badName(name: string) {
  return {
    code: 'invalid-input',
    message: `A runbook cannot be called ${name}.`,
    remedy: 'Use lower-case letters, digits and dashes, beginning with a letter: thaw init crm.',
    retry: 'after-fix',
  } as const;
}

function thereAlready(path: string) {
  return {
    code: 'conflict',
    message: `There is a runbook ${path} already; nothing was written.`,
    remedy:
      'Name another one (thaw init NAME), look at the draft first (--print), or say --overwrite: the one that is there is then kept beside it.',
    retry: 'after-fix',
  } as const;
}
