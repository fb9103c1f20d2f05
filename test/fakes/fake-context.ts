import { type Outcome, succeed } from '../../src/base/failure.ts';
import type { Mode } from '../../src/base/mode.ts';
import { createSecret } from '../../src/base/secret.ts';
import type { Check } from '../../src/base/verdict.ts';
import { createGuard } from '../../src/engine/guard.ts';
import { foreseeAll, stepsGiving } from '../../src/kinds/handlers.ts';
import type { AnyCheckContext, AnyStepContext, Step } from '../../src/kinds/kind.ts';
import { patienceOf } from '../../src/kinds/patience.ts';
import type { Place, Targets } from '../../src/kinds/targets.ts';
import type { Answer, Question } from '../../src/ports/operator.ts';
import { handlers } from '../../src/registry/kinds.ts';
import { startMs } from './fake-host.ts';
import { createFakeWorld, type FakeWorld } from './fake-world.ts';

export type FakeContext = AnyStepContext &
  AnyCheckContext & {
    readonly world: FakeWorld;
    readonly facts: Map<string, unknown>;
    readonly said: string[];
    readonly commands: string[];
    readonly asked: Question[];
    readonly masked: string[];
  };

export const runId = '2026-04-28T1448Z-crm-live';

/** What a step gets, in memory: facts go into a map, questions to `answer`. */
export function createFakeContext(given: {
  readonly mode?: Mode;
  readonly workFolder?: string;
  /** Of the step that asks. */
  readonly stepId?: string;
  readonly world?: FakeWorld;
  readonly targets?: Partial<Targets>;
  readonly wantedSnapshot?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly steps?: readonly Step[];
  /** Questions for a name that an earlier attempt was answered. */
  readonly named?: readonly string[];
  readonly answer?: (question: Question) => Outcome<Answer> | string;
}): FakeContext {
  const { mode = 'live', world = createFakeWorld(), workFolder = '/scratch', answer } = given;
  const workFile = (name: string) => `${workFolder}/${name}`;
  const facts = new Map(Object.entries(given.facts ?? {}));
  const said: string[] = [];
  const commands: string[] = [];
  const asked: Question[] = [];
  const masked: string[] = [];
  const named = new Set<string>(given.named);
  const context: FakeContext = {
    mode,
    runId,
    stepId: given.stepId ?? 'restore-database',
    world,
    guard: createGuard({ runId, workFile, agreed: (question) => named.has(question) }),
    targets: { ...defaultTargets(mode), ...given.targets },
    steps: given.steps ?? [],
    giving: (fact) => stepsGiving(fact, { steps: given.steps ?? [], handlers }),
    foresee: (database) => foreseeAll({ steps: given.steps ?? [], handlers }, { database, context }),
    signal: new AbortController().signal,
    patience: patienceOf(world.host, {
      lastsMs: 120_000,
      signal: new AbortController().signal,
      tell: (line) => void said.push(line),
    }),
    wantedSnapshot: given.wantedSnapshot,
    lostAtMs: startMs,
    rpoMs: 3_600_000,
    facts,
    said,
    commands,
    asked,
    masked,
    mask: (values) => void masked.push(...values),
    workFile,
    fact: (name) => facts.get(name),
    record: async ({ name }, value) => void facts.set(name, JSON.parse(JSON.stringify(value))),
    recordCommand: async (command) => void commands.push(command),
    output: (line) => void said.push(line),
    progress: () => {},
    ask: async (question) => {
      asked.push(question);
      const given = answer?.(question);
      if (given === undefined) throw new Error(`The test has no answer to ${question.id}: ${question.title}`);
      const outcome = typeof given === 'string' ? succeed({ value: given, by: 'operator' as const }) : given;
      if (outcome.ok && question.kind === 'type-name' && outcome.value.value === question.name)
        named.add(question.id);
      return outcome;
    },
  };
  return context;
}

const live: Place = {
  databaseUrl: createSecret('postgresql://crm:sesame@db:5432/crm'),
  objects: { kind: 'directory', path: 'live' },
  services: { kind: 'process', controlFile: '/control.json' },
  envFile: '/app/.env',
};

function defaultTargets(mode: Mode): Targets {
  const sandbox: Place = {
    ...live,
    databaseUrl: createSecret('postgresql://crm:sesame@sandbox:5432/crm'),
    objects: { kind: 'directory', path: 'sandbox' },
  };
  return {
    backups: {
      store: { kind: 'directory', path: 'backups' },
      layout: 'pg/{host}/{date}/{hour}.dump.gz[.gpg]',
      host: undefined,
      objectsPrefix: 'minio/',
      key: {},
    },
    production: live,
    target: mode === 'drill' ? sandbox : live,
  };
}

/** Checks as lines: passed: 2 of 2 tables equal. */
export function words(checks: Outcome<readonly Check[]> | readonly Check[]): readonly string[] {
  if (!('ok' in checks)) return checks.map(({ verdict, text }) => `${verdict}: ${text}`);
  return checks.ok ? words(checks.value) : [`failure ${checks.failure.code}: ${checks.failure.message}`];
}
