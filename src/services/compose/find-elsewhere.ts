import { type Outcome, succeed } from '../../base/failure.ts';
import type { ElsewhereService, ServiceStatus } from '../../ports/services.ts';
import type { ComposeCommand } from './compose-command.ts';
import { trueName } from './project-files.ts';
import { type ComposeContainer, readComposeProjects } from './read-compose-status.ts';

/**
 * A service without a container was never started, or it runs under another project name: a project is named after its folder, so a
 * copied folder or an option is enough. Absent is not stopped, so whatever runs under its name on this Docker is looked for.
 */
export async function addElsewhere(
  statuses: readonly ServiceStatus[],
  look: {
    readonly compose: ComposeCommand;
    /** Those that the runbook names. */
    readonly files: readonly string[];
    readonly containersOf: (project: string) => Promise<Outcome<readonly ComposeContainer[]>>;
    readonly stallMs: number;
  },
): Promise<Outcome<readonly ServiceStatus[]>> {
  const absent = new Set(statuses.filter(({ state }) => state === 'absent').map(({ name }) => name));
  if (absent.size === 0) return succeed(statuses);
  const listed = await look.compose.run({ args: ['ls', '--format', 'json'], stallMs: look.stallMs });
  if (!listed.ok) return listed;
  const projects = readComposeProjects(listed.value.stdout);
  if (!projects.ok) return projects;
  const own = await Promise.all(look.files.map(trueName));
  const found = new Map<string, ElsewhereService[]>();
  for (const { name: project, configFiles } of projects.value) {
    const containers = await look.containersOf(project);
    if (!containers.ok) return containers;
    const sameFile = (await Promise.all(configFiles.map(trueName))).some((one) => own.includes(one));
    for (const { name, service, state } of containers.value) {
      if (!absent.has(service) || !['running', 'paused', 'restarting'].includes(state)) continue;
      const others = found.get(service) ?? [];
      found.set(service, [...others, { container: name, project, sameFile }]);
    }
  }
  return succeed(
    statuses.map((status) => {
      const elsewhere = found.get(status.name);
      return elsewhere === undefined || status.state !== 'absent' ? status : { ...status, elsewhere };
    }),
  );
}
