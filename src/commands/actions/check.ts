import { type CommandContext, printJson, printLine } from '../../app/command-context.ts';
import { exitStatus, statusOfVerdict } from '../../app/exit-status.ts';
import { type GivenValue, sayOrigins, sayOverruled } from '../../app/given-values.ts';
import { installPrograms } from '../../app/install-programs.ts';
import { loadRunbook, type ReadyRunbook, readyRunbook, standInKit } from '../../app/load-runbook.ts';
import type { Options } from '../../app/options.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import { programs, sayLack } from '../../base/programs.ts';
import { type Check, worstVerdict } from '../../base/verdict.ts';
import { type MissingPrograms, sayMissing } from '../../engine/missing-programs.ts';
import { runPreflight } from '../../engine/preflight.ts';
import { weighChecks } from '../../journal/run-proof.ts';
import { stepsGiving } from '../../kinds/handlers.ts';
import type { World } from '../../ports/world.ts';
import { checkPermissions, type Permission } from '../../producer/check-permissions.ts';
import { findStraySecrets } from '../../producer/find-stray-secrets.ts';
import { handlers } from '../../registry/kinds.ts';
import { createWorld } from '../../registry/wire.ts';
import { type OpenPoint, sayOpenPoints } from '../../runbook/open-points.ts';
import { proofOf } from '../../runbook/proof.ts';
import { undeclared } from '../../runbook/schema.ts';

type CheckOptions = Options<
  'json' | 'install' | 'yes' | 'snapshot' | 'workFolder' | 'envFiles' | 'logFolder'
>;
type CheckWork = {
  readonly ready: ReadyRunbook;
  readonly options: CheckOptions;
  readonly context: Pick<CommandContext, 'stdin' | 'stdout'>;
};

/** Every blocker at once; touches nothing, unless it is told to install what is missing. */
export async function check(
  request: { readonly runbook: string; readonly options: CheckOptions },
  context: Pick<CommandContext, 'environment' | 'folder' | 'stdin' | 'stdout'>,
): Promise<Outcome<number>> {
  const { options } = request;
  const loaded = await loadRunbook(request.runbook, context);
  if (!loaded.ok) return loaded;
  standInKit(loaded.value);
  const { environment } = context;
  const ready = await readyRunbook(loaded.value, { mode: 'live', environment, envFiles: options.envFiles });
  if (!ready.ok) return ready;
  if (options.json) printJson(context, JSON.stringify({ type: 'thaw', version: 1, command: 'check' }));
  const work = { ready: ready.value, options, context };
  const tried = new Set<string>();
  for (;;) {
    // Opened anew each time: what was found missing before is remembered in parts of it.
    const world = createWorld(environment);
    try {
      const looked = await lookOnce(work, world);
      const commands = looked.missing?.plan.commands.join('\n') ?? '';
      // The same commands once more would come to the same end.
      if (!options.install || looked.missing === undefined || tried.has(commands))
        return succeed(looked.status);
      tried.add(commands);
      const installed = await installPrograms(looked.missing, { options, world, context });
      if (!installed.ok) return installed;
      if (installed.value === 'by hand') return succeed(looked.status);
      if (!options.json) printLine(context, 'Installed. Looking again.');
    } finally {
      await world.close();
    }
  }
}

async function lookOnce(
  { ready, options, context }: CheckWork,
  world: World,
): Promise<{ readonly status: number; readonly missing: MissingPrograms | undefined }> {
  const { filled, targets, values, redact, mask } = ready;
  const { checks: looked, missing } = await runPreflight({
    steps: filled.steps,
    handlers,
    context: {
      mode: 'live',
      world,
      targets,
      steps: filled.steps,
      giving: (fact) => stepsGiving(fact, { steps: filled.steps, handlers }),
      mask,
      runId: 'check',
      fact: () => undefined,
      // There is no run yet that could come back to it.
      record: async () => {},
      signal: new AbortController().signal,
      wantedSnapshot: options.snapshot,
      workFile: (name) => `${options.workFolder ?? options.logFolder}/${name}`,
    },
  });
  const checks = weighChecks(looked, proofOf(filled, handlers));
  const print = options.json
    ? (line: string) => printJson(context, redact(line))
    : (line: string) => printLine(context, redact(line));
  for (const line of options.json ? originsAsJson(values) : originsAsText(values)) print(line);
  for (const line of (options.json ? openAsJson : sayOpenPoints)(ready.openPoints)) print(line);
  const blockersFirst = [...checks].sort((a, b) => weight(a) - weight(b));
  const { backups, production } = targets;
  const declared = [backups.store, ...(production.objects === undefined ? [] : [production.objects])];
  const buckets = declared.filter(({ path }) => path !== undeclared.store.path);
  const looks: readonly Promise<readonly Permission[]>[] = [
    checkPermissions({
      ...{ world, targets },
      makesBackups: filled.producer !== undefined,
      prunes: filled.retention !== undefined,
    }),
    ...buckets.map((config) => findStraySecrets(world.openStore(config))),
  ];
  const permissions = (await Promise.all(looks)).flat();
  for (const one of blockersFirst) {
    for (const line of options.json ? [JSON.stringify({ type: 'check', ...one })] : inWords(one)) print(line);
  }
  for (const one of permissions) {
    const lines = options.json ? [JSON.stringify({ type: 'permission', ...one })] : permissionInWords(one);
    for (const line of lines) print(line);
  }
  if (missing !== undefined) {
    for (const line of options.json ? [missingAsJson(missing)] : missingInWords(missing)) print(line);
  }
  const blockers = checks.filter((one) => one.verdict === 'failed').length;
  if (!options.json)
    print(blockers === 0 ? 'Nothing is in the way.' : `${blockers} in the way. Nothing was touched.`);
  return { status: statusOf(checks, permissions), missing };
}

/** The commands alone on their lines, so that they can be pasted. */
function missingInWords(missing: MissingPrograms): readonly string[] {
  const { distribution, commands, byHand } = missing.plan;
  return [
    '',
    `Missing on this host (${distribution}):`,
    ...sayMissing(missing).map((line) => `  ${line}`),
    ...(commands.length === 0
      ? []
      : ['To install it (--install runs these lines, after a yes):', ...commands]),
    ...(byHand.length === 0 ? [] : ['By hand:', ...byHand.map((line) => `  ${line}`)]),
    '',
  ];
}

function missingAsJson({ lacks, plan }: MissingPrograms): string {
  const missing = lacks.map((lack) => ({
    ...lack,
    name: sayLack(lack),
    about: programs[lack.program].about,
  }));
  return JSON.stringify({ type: 'programs', missing, ...plan });
}
function statusOf(checks: readonly Check[], permissions: readonly Permission[]): number {
  const worst = worstVerdict(checks.map(({ verdict }) => verdict));
  if (worst === 'failed') return exitStatus.blocked;
  // What is wrong with the keys stands in nobody's way today, and must not be taken for good.
  if (permissions.some((one) => one.verdict === 'failed')) return exitStatus.failed;
  // Of the keys more cannot be known in some places; what a step asks for has to be.
  return statusOfVerdict(worst);
}

/** Names and where they come from; a value is shown nowhere. */
function originsAsText(values: readonly GivenValue[]): readonly string[] {
  return [...sayOverruled(values).map((text) => `! ${text}`), ...sayOrigins(values).map(({ text }) => text)];
}

function originsAsJson(values: readonly GivenValue[]): readonly string[] {
  return values.map(({ name, from, overruled }) =>
    JSON.stringify({ type: 'value', name, from, ...(overruled === undefined ? {} : { overruled }) }),
  );
}

function openAsJson(points: readonly OpenPoint[]): readonly string[] {
  return points.map((point) => JSON.stringify({ type: 'open-point', ...point }));
}

function weight(one: Check): number {
  return { failed: 0, 'could-not-verify': 1, 'not-checked': 2, passed: 3, skipped: 4 }[one.verdict];
}

function permissionInWords(one: Permission): readonly string[] {
  const named = { ...one, stepId: 'permissions' };
  return one.remark
    ? inWords(named, { passed: '! more than needed' })
    : inWords(named, { failed: '✗ not as it should be' });
}

function inWords(
  one: Check & { readonly stepId: string },
  own: { readonly failed?: string; readonly passed?: string } = {},
): readonly string[] {
  const marks = {
    failed: own.failed ?? '✗ blocks',
    'could-not-verify': '? could not verify',
    passed: own.passed ?? '✓ passed',
    'not-checked': '– not checked',
    skipped: '– skipped',
  };
  const remedy = one.remedy === undefined ? [] : [`    → ${one.remedy}`];
  return [`${marks[one.verdict]}  ${one.stepId}: ${one.text}`, ...remedy];
}
