import { resolve } from 'node:path';
import type { CommandContext } from '../../app/command-context.ts';
import { exitStatus } from '../../app/exit-status.ts';
import { loadRunbook } from '../../app/load-runbook.ts';
import { defaultLogFolder, type Options } from '../../app/options.ts';
import { planSchedule } from '../../backups/schedule.ts';
import { scheduleFormatOf } from '../../backups/schedules/list.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import { parseDuration } from '../../base/units.ts';
import { ownCommand } from '../../platform/own-files.ts';
import { handlers } from '../../registry/kinds.ts';
import { canDrill } from '../../runbook/can-drill.ts';

/** Prints entries to copy; installs nothing, asks for no value, contacts nobody. */
export async function printSchedule(
  request: {
    readonly runbook: string;
    readonly options: Options<'scheduler' | 'envFiles' | 'logFolder'>;
  },
  context: Pick<CommandContext, 'environment' | 'folder' | 'stdout'>,
): Promise<Outcome<number>> {
  const { runbook: name, options } = request;
  const loaded = await loadRunbook(name, context);
  if (!loaded.ok) return loaded;
  const { runbook } = loaded.value;
  const { folder, stdout } = context;
  const jobs = planSchedule({
    runbook: /[./]/.test(name) ? resolve(folder, name) : name,
    rpoMs: parseDuration(runbook.objectives.rpo) ?? 0,
    hasDrill: canDrill(runbook, handlers),
    hasRetention: runbook.retention !== undefined,
    options: [
      ...options.envFiles.flatMap((file) => ['--env-file', resolve(folder, file)]),
      ...(options.logFolder === defaultLogFolder ? [] : ['--log-dir', resolve(folder, options.logFolder)]),
    ],
  });
  const place = {
    name: runbook.name,
    folder,
    program: ownCommand(),
    logFile: resolve(folder, `thaw-${runbook.name}.log`),
  };
  stdout.write(scheduleFormatOf(options.scheduler).render(jobs, place));
  return succeed(exitStatus.verified);
}
