import { optionalText, text } from '../../platform/declare-fields.ts';
import { defineRoute, defineServices, mayBeSame } from '../services-kind.ts';
import { openComposeContainer } from './compose-container.ts';
import { openComposeServices } from './compose-services.ts';

const fields = {
  file: text.describe(
    'Path of the compose file, or of several joined by a colon. Of a single one, thaw finds the others of its project: those that its containers were made of, COMPOSE_FILE, an override beside it',
  ),
  project: optionalText.describe('Name of the project; the one that Compose gives when left out'),
  envFile: optionalText.describe("Compose's own --env-file"),
};

type Given = {
  readonly file: string;
  readonly project?: string | undefined;
  readonly envFile?: string | undefined;
};

/** What is empty counts as left out. */
function toConfig({ file, project, envFile }: Given) {
  return {
    kind: 'compose' as const,
    file,
    ...(project ? { project } : {}),
    ...(envFile ? { envFile } : {}),
  };
}

export const compose = defineServices({
  kind: 'compose',
  about: 'The services of a compose file, through the docker CLI.',
  programs: ['docker', 'docker compose'],
  fields,
  example: { file: 'docker-compose.prod.yml', project: 'crm' },
  name: ({ project }) =>
    project ? `services of compose project ${project}` : 'services of the compose file',
  open: (given, tools) => openComposeServices({ config: toConfig(given), ...tools }),
});

export const throughCompose = defineRoute({
  kind: 'compose',
  about: 'Through the container of one service: docker compose exec.',
  programs: ['docker', 'docker compose'],
  fields: {
    ...fields,
    service: text.describe('The service in whose container PostgreSQL and its programs are'),
  },
  example: { file: 'docker-compose.prod.yml', service: 'db' },
  name: ({ service }) => service,
  serviceOnIt({ file, project, service }, { services, names }) {
    const isSame = services.file === file && mayBeSame(services.project, project);
    return isSame ? names.find((name) => name === service) : undefined;
  },
  open: ({ service, ...given }, tools) =>
    openComposeContainer({ config: { ...toConfig(given), service }, ...tools }),
});
