import type { ComposeService } from './compose-model.ts';
import type { DraftStep } from './part.ts';
import {
  findKeyFile,
  findWriters,
  isBackupService,
  isOtherServer,
  type SeenDatabase,
  type Survey,
} from './survey.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What is known of an application beside its compose file. Each line stands in docs/examples, too, where it is run against a database. */
type KnownApplication = {
  readonly name: string;
  /** Of the name of the service, or of its image. */
  readonly called: RegExp;
  /** Answers without a login. */
  readonly page: { readonly port: number; readonly path: string; readonly contains?: string };
  /** Finds a row in every installation that is used. */
  readonly row?: { readonly title: string; readonly query: string };
  /** Columns that every used installation encrypts, and with which key of the env file. */
  readonly probe?: Fields & { readonly title: string; readonly secret: string };
};

const knownApplications: readonly KnownApplication[] = [
  {
    name: 'n8n',
    called: /\bn8n\b/,
    page: { port: 5678, path: '/healthz' },
    row: { title: 'Somebody can log in', query: 'SELECT count(*) FROM "user" WHERE password IS NOT NULL' },
    probe: {
      title: 'credentials',
      secret: 'N8N_ENCRYPTION_KEY',
      query: 'SELECT data FROM credentials_entity',
      layout: 'cryptojs',
      lossIfWrong: 'no credential of any workflow can be used again, and each has to be typed anew',
    },
  },
  {
    name: 'Immich',
    called: /\bimmich[-_]server\b/,
    page: { port: 2283, path: '/api/server/ping', contains: 'pong' },
    row: {
      title: 'There is an administrator',
      query: 'SELECT count(*) FROM "user" WHERE "isAdmin" AND "deletedAt" IS NULL',
    },
  },
  {
    name: 'Gitea',
    called: /\b(?:gitea|forgejo)\b/,
    page: { port: 3000, path: '/api/healthz' },
    row: { title: 'There is an administrator', query: 'SELECT count(*) FROM "user" WHERE is_admin' },
  },
  {
    name: 'Outline',
    called: /\boutline\b/,
    page: { port: 3000, path: '/_health', contains: 'OK' },
    row: {
      title: 'Documents are there',
      query: 'SELECT count(*) FROM documents WHERE "deletedAt" IS NULL',
    },
    probe: {
      title: 'tokens of the login',
      secret: 'SECRET_KEY',
      query: 'SELECT "accessToken" FROM user_authentications WHERE "accessToken" IS NOT NULL',
      layout: 'iv+ciphertext',
      ivBytes: 16,
      lossIfWrong:
        'Outline does not start with it, or everybody has to log in again and integrations have to be connected anew',
    },
  },
  {
    name: 'Mastodon',
    called: /\bmastodon\b/,
    page: { port: 3000, path: '/health', contains: 'OK' },
    row: { title: 'Local accounts are there', query: 'SELECT count(*) FROM accounts WHERE domain IS NULL' },
  },
  {
    name: 'Paperless',
    called: /\bpaperless/,
    page: { port: 8000, path: '/accounts/login/' },
    row: { title: 'Documents are there', query: 'SELECT count(*) FROM documents_document' },
  },
  {
    name: 'Nextcloud',
    called: /\bnextcloud\b/,
    page: { port: 80, path: '/status.php', contains: '"maintenance":false' },
  },
];

/** How it is seen that the keys fit, and that the application works again. */
export function checksPart(
  survey: Survey,
  database: SeenDatabase | undefined,
): { readonly steps: readonly DraftStep[]; readonly toDo: readonly string[] } {
  const writers =
    survey.compose === undefined || database === undefined ? [] : findWriters(survey.compose.model, database);
  const users = writers.filter((one) => !isBackupService(one));
  const known = knownAmong(users);
  const others = (survey.compose?.model.services ?? []).filter(
    (one) => one.healthPage !== undefined && one !== database?.service && !isOtherServer(one),
  );
  const pages = [...new Set([...users, ...others])].flatMap((one) => pageOf(one, users));
  const rows = known.flatMap(({ row }) => (row === undefined ? [] : [row]));
  const items = [
    ...rows.map(({ title, query }, index) => ({
      ...{ kind: 'query', id: index === 0 ? 'rows' : `rows-${index + 1}` },
      ...{ title, query, expect: { atLeast: 1 } },
    })),
    ...pages.map(({ item }) => item),
  ];
  const smoke: DraftStep = {
    step: { kind: 'smoke-checklist', items },
    notes: [
      ...known.map(({ name }) => `What is asked of ${name} is as in docs/examples.`),
      ...pages.flatMap(({ note }) => note),
    ],
  };
  return {
    steps: [...keyStep(survey, known), ...startStep(writers), ...(items.length === 0 ? [] : [smoke])],
    toDo: rows.length > 0 ? [] : [sayNoRow(items.length > 0)],
  };
}

function knownAmong(services: readonly ComposeService[]): readonly KnownApplication[] {
  return knownApplications.filter((one) => services.some((service) => isCalled(one, service)));
}

function isCalled({ called }: KnownApplication, { name, image }: ComposeService): boolean {
  return called.test(name) || called.test(image.replace(/[:@].*$/, ''));
}

function keyStep(survey: Survey, known: readonly KnownApplication[]): readonly DraftStep[] {
  const keys = findKeyFile(survey.envFiles);
  if (keys === undefined) return [];
  const probes = known.flatMap(({ probe }) =>
    probe !== undefined && keys.names.includes(probe.secret) ? [probe] : [],
  );
  const names = 'Names that look like keys which belong to the data. Take out those that can be made anew.';
  if (probes.length > 0)
    return [
      {
        step: { kind: 'verify-secrets', required: keys.names, probes },
        notes: [
          names,
          `Restored rows are really opened with ${probes.map(({ secret }) => secret).join(', ')}. Where nothing is encrypted yet, take \`probes\` out until there is: without a row to try, a drill ends as not verified.`,
        ],
      },
    ];
  return [
    {
      step: { kind: 'verify-secrets', required: keys.names },
      notes: [names],
      toDo: [
        'that they are there is not that they fit: add `probes` where the application encrypts columns, and a row is really opened with the key.',
      ],
    },
  ];
}

function startStep(writers: readonly ComposeService[]): readonly DraftStep[] {
  return writers.length === 0 ? [] : [{ step: { kind: 'start-services' } }];
}

/** A page that is known to answer; else, of what uses the database, the look of a person: nobody knows what its first page answers. */
function pageOf(
  service: ComposeService,
  users: readonly ComposeService[],
): readonly { readonly item: Fields; readonly note: readonly string[] }[] {
  const { name, ports, healthPage } = service;
  const id = `${
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+/, '') || 'service'
  }-answers`;
  const known = users.includes(service) ? knownAmong([service])[0]?.page : undefined;
  const page = known ?? healthPage;
  const port = ports.find(({ target }) => target === page?.port);
  const title = `${name} answers`;
  if (page !== undefined && port !== undefined) {
    const url = `${healthPage?.isTls && known === undefined ? 'https' : 'http'}://${port.host}:${port.published}${page.path}`;
    const contains = known?.contains === undefined ? {} : { contains: known.contains };
    const note = known === undefined ? [`${url} is what the health check of ${name} asks.`] : [];
    return [{ item: { kind: 'http', id, title, url: url.replaceAll('${', '$'), ...contains }, note }];
  }
  const [first] = ports;
  // Of what is known, another service of it has the page.
  if (first === undefined || known !== undefined || !users.includes(service)) return [];
  const instructions = `Open port ${first.published} of ${first.host} (${name}) as its users do, log in, and look at something that was there before.`;
  return [
    {
      item: { kind: 'attest', id, title, instructions },
      note: [
        `No page of ${name} is known that answers without a login: where there is one, take kind http and its URL.`,
      ],
    },
  ];
}

function sayNoRow(hasItems: boolean): string {
  return hasItems
    ? 'say which rows must be there: a query in the step smoke-checklist (kind query). It is the one item that a drill can look at.'
    : 'say how you see that it works again: a step smoke-checklist with a query that must find rows, a page that must answer (kind http), or a look that a person takes (kind attest). docs/reference.md has them.';
}
