import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Options } from '../app/arguments.ts';
import type { CommandContext } from '../app/command-context.ts';
import { exitStatus } from '../app/exit-status.ts';
import { loadRunbook } from '../app/load-runbook.ts';
import { defaultLogFolder } from '../app/option-table.ts';
import { planSchedule, toCrontab, toSystemdUnits } from '../backups/schedule.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { parseDuration } from '../base/units.ts';
import { canDrill } from '../runbook/can-drill.ts';

/** The launcher beside dist/ and src/ alike. */
const launcher = fileURLToPath(new URL('../../bin/thaw.js', import.meta.url));

/** Prints entries to copy; installs nothing, asks for no value, contacts nobody. */
export async function schedule(
  request: { readonly name: string; readonly options: Options },
  context: CommandContext,
): Promise<Outcome<number>> {
  const { name, options } = request;
  const loaded = await loadRunbook(name, context.folder);
  if (!loaded.ok) return loaded;
  const { runbook } = loaded.value;
  const { folder, stdout } = context;
  const jobs = planSchedule({
    runbook: /[./]/.test(name) ? resolve(folder, name) : name,
    rpoMs: parseDuration(runbook.objectives.rpo) ?? 0,
    hasDrill: canDrill(runbook),
    hasRetention: runbook.retention !== undefined,
    options: [
      ...options.envFiles.flatMap((file) => ['--env-file', resolve(folder, file)]),
      ...(options.logFolder === defaultLogFolder ? [] : ['--log-dir', resolve(folder, options.logFolder)]),
    ],
  });
  // The dashes keep Node from taking --env-file for its own.
  const program = [process.execPath, '--', launcher];
  stdout.write(
    options.systemd
      ? toSystemdUnits(jobs, { name: runbook.name, folder, program })
      : toCrontab(jobs, { folder, program, logFile: resolve(folder, `thaw-${runbook.name}.log`) }),
  );
  return succeed(exitStatus.verified);
}
