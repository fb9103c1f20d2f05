import { fail, succeed } from '../../base/failure.ts';
import { shellLine } from '../../base/quoting.ts';
import { passed } from '../../base/verdict.ts';
import type {} from '../../kinds/kind.ts';
import { implementKind } from '../../kinds/kind.ts';
import { durationMs } from '../../kinds/targets.ts';
import { commandKind } from './kind.ts';

/** The escape hatch: a program with arguments, never a shell string. What it did only a person knows after a crash. */
export const runCommand = implementKind(commandKind, {
  async preview(step) {
    return { sentences: [], commands: [shellLine([step.program, ...step.args])] };
  },

  async check() {
    return [];
  },

  async run(step, context) {
    if (context.mode === 'drill' && !step.inDrill)
      return succeed({ kind: 'not-executed', reason: 'the runbook keeps it out of drills' });
    await context.recordCommand(shellLine([step.program, ...step.args]));
    const result = await context.world.processes.run({
      program: step.program,
      args: step.args,
      ...(step.cwd === undefined ? {} : { cwd: step.cwd }),
      env: Object.fromEntries(Object.entries(step.env).filter(([, value]) => value !== '')),
      stallMs: durationMs(step.stall),
      signal: context.signal,
      onLine: (line) => context.output(line),
    });
    if (!result.ok) return result;
    if (result.value.exitCode === 0) return succeed({ kind: 'done' });
    return fail({
      code: 'command-failed',
      message: `${step.program} ended with status ${result.value.exitCode}.`,
      remedy: 'Read its last lines, mend what they say, then retry.',
      retry: 'after-fix',
      detail: `${result.value.stdout}\n${result.value.stderr}`.trim(),
    });
  },

  async verify(step) {
    return succeed([passed(`${step.program} ended with status 0`)]);
  },
});
