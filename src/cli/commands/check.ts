import { type Outcome, succeed } from '../../base/failure.ts';
import type { Check } from '../../base/verdict.ts';
import { runPreflight } from '../../engine/preflight.ts';
import { handlers } from '../../steps/handlers.ts';
import type { Options } from '../arguments.ts';
import { exitStatus } from '../exit-status.ts';
import { loadRunbook, readyRunbook } from '../load-runbook.ts';
import { printLine, type Surroundings } from '../surroundings.ts';
import { createWorld } from '../wire.ts';

/** Every blocker at once; touches nothing. */
export async function check(
  request: { readonly name: string; readonly options: Options },
  surroundings: Surroundings,
): Promise<Outcome<number>> {
  const { options } = request;
  const loaded = await loadRunbook(request.name, surroundings.folder);
  if (!loaded.ok) return loaded;
  const { environment } = surroundings;
  const ready = await readyRunbook(loaded.value, { mode: 'live', environment, envFiles: options.envFiles });
  if (!ready.ok) return ready;
  const { filled, targets, redact } = ready.value;
  const world = createWorld(environment);
  try {
    const checks = await runPreflight({
      steps: filled.steps,
      handlers,
      context: {
        mode: 'live',
        world,
        targets,
        runId: 'check',
        fact: () => undefined,
        signal: new AbortController().signal,
        wantedSnapshot: options.snapshot,
        workFile: (name) => `${options.workFolder ?? options.logFolder}/${name}`,
      },
    });
    const blockersFirst = [...checks].sort((a, b) => weight(a) - weight(b));
    if (options.json) printLine(surroundings, JSON.stringify({ type: 'thaw', version: 1, command: 'check' }));
    for (const one of blockersFirst) {
      printLine(
        surroundings,
        redact(options.json ? JSON.stringify({ type: 'check', ...one }) : inWords(one)),
      );
    }
    const blockers = checks.filter((one) => one.verdict === 'failed').length;
    if (!options.json)
      printLine(
        surroundings,
        blockers === 0 ? 'Nothing is in the way.' : `${blockers} in the way. Nothing was touched.`,
      );
    return succeed(blockers === 0 ? exitStatus.verified : exitStatus.blocked);
  } finally {
    await world.close();
  }
}

function weight(one: Check): number {
  return { failed: 0, 'could-not-verify': 1, passed: 2, skipped: 3 }[one.verdict];
}

function inWords(one: Check & { readonly stepId: string }): string {
  const marks = {
    failed: '✗ blocks',
    'could-not-verify': '? could not verify',
    passed: '✓ passed',
    skipped: '– skipped',
  };
  const remedy = one.remedy === undefined ? '' : `\n    → ${one.remedy}`;
  return `${marks[one.verdict]}  ${one.stepId}: ${one.text}${remedy}`;
}
