import { z } from 'zod';
import { type Outcome, succeed } from '../../base/failure.ts';
import { parseJson } from '../../base/parse-json.ts';
import type { ElsewhereService, ServiceStatus } from '../../ports/services.ts';
import { type ComposeCommand, questionStallMs } from './compose-command.ts';
import { labels, splitFiles, trueName } from './project-files.ts';
import { type ComposeContainer, looseText, readComposeProjects } from './read-compose-status.ts';

type Elsewhere = {
  readonly compose: ComposeCommand;
  /** Those that the runbook names. */
  readonly files: readonly string[];
  /** Asked only where Docker itself cannot be. */
  readonly containersOf: (project: string) => Promise<Outcome<readonly ComposeContainer[]>>;
};

/** What runs of one project on this Docker, and the files it was made of. */
type Project = {
  readonly name: string;
  readonly configFiles: readonly string[];
  readonly running: readonly { readonly container: string; readonly service: string }[];
};

/**
 * A service without a container was never started, or it runs under another project name: a project is named after its folder, so a
 * copied folder or an option is enough. Absent is not stopped, so whatever runs under its name on this Docker is looked for.
 */
export async function addElsewhere(
  statuses: readonly ServiceStatus[],
  look: Elsewhere,
): Promise<Outcome<readonly ServiceStatus[]>> {
  const absent = new Set(statuses.filter(({ state }) => state === 'absent').map(({ name }) => name));
  if (absent.size === 0) return succeed(statuses);
  const projects = look.compose.hasDocker() ? await askDocker(look.compose) : await askCompose(look);
  if (!projects.ok) return projects;
  const own = await Promise.all(look.files.map(trueName));
  const found = new Map<string, ElsewhereService[]>();
  for (const { name: project, configFiles, running } of projects.value) {
    const sameFile = (await Promise.all(configFiles.map(trueName))).some((one) => own.includes(one));
    for (const { container, service } of running) {
      if (!absent.has(service)) continue;
      const others = found.get(service) ?? [];
      found.set(service, [...others, { container, project, sameFile }]);
    }
  }
  return succeed(
    statuses.map((status) => {
      const elsewhere = found.get(status.name);
      return elsewhere === undefined || status.state !== 'absent' ? status : { ...status, elsewhere };
    }),
  );
}

const format = `{"container":{{json .Names}},"project":{{json (.Label "${labels.project}")}},"service":{{json (.Label "${labels.service}")}},"files":{{json (.Label "${labels.configFiles}")}}}`;

const runningSchema = z.object({
  container: looseText,
  project: looseText,
  service: looseText,
  files: looseText,
});

/** One question: without --all, `ps` lists what runs, is paused, or is being restarted. */
async function askDocker(compose: ComposeCommand): Promise<Outcome<readonly Project[]>> {
  const listed = await compose.ask(['ps', '--filter', `label=${labels.project}`, '--format', format]);
  if (!listed.ok) return listed;
  const projects = new Map<string, Project>();
  for (const line of listed.value.split('\n')) {
    const read = runningSchema.safeParse(parseJson(line));
    if (!read.success) continue;
    const { project: name, container, service, files } = read.data;
    const { configFiles = [], running = [] } = projects.get(name) ?? {};
    projects.set(name, {
      name,
      configFiles: [...new Set([...configFiles, ...splitFiles(files)])],
      running: [...running, { container, service }],
    });
  }
  return succeed([...projects.values()]);
}

async function askCompose({ compose, containersOf }: Elsewhere): Promise<Outcome<readonly Project[]>> {
  const listed = await compose.run({ args: ['ls', '--format', 'json'], stallMs: questionStallMs });
  if (!listed.ok) return listed;
  const named = readComposeProjects(listed.value.stdout);
  if (!named.ok) return named;
  const projects: Project[] = [];
  for (const { name, configFiles } of named.value) {
    const containers = await containersOf(name);
    if (!containers.ok) return containers;
    const alive = containers.value.filter(({ state }) => ['running', 'paused', 'restarting'].includes(state));
    const running = alive.map(({ name: container, service }) => ({ container, service }));
    projects.push({ name, configFiles, running });
  }
  return succeed(projects);
}
