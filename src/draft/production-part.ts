import { dirname, join, relative } from 'node:path';
import { placeholder } from '../platform/declare-fields.ts';
import type { SeenObjects } from './objects-part.ts';
import type { DraftStep, Part } from './part.ts';
import type { Sheet } from './sheet.ts';
import {
  findBuckets,
  findDatabases,
  findKeyFile,
  findUrls,
  findWriters,
  findWrittenKeys,
  inputName,
  otherDatabases,
  type SeenDatabase,
  type Survey,
  type WantedInput,
} from './survey.ts';

const appFolder = placeholder('APP_FOLDER');

type ProductionPart = Part & {
  readonly database?: SeenDatabase;
  readonly databases: readonly SeenDatabase[];
  readonly databaseOfUrl?: string;
  /** Steps before the dump is fetched. */
  readonly before: readonly DraftStep[];
};

/** What a live restore works on: the database, the services that write into it, and the file with the keys. */
export function productionPart(survey: Survey, objects: SeenObjects | undefined): ProductionPart {
  const databases = findDatabases(survey.compose?.model);
  const [database] = databases;
  const keys = findKeyFile(survey.envFiles);
  const place = database === undefined ? byUrl(survey) : throughCompose(survey, database);
  const services = servicesOf(survey);
  const writers = database === undefined ? [] : writersOf(survey, database);
  const files = [
    ...(services === undefined ? [] : [services.file]),
    ...(keys === undefined ? [] : [inFolder(survey, keys.path)]),
  ];
  const folder: WantedInput = {
    name: 'APP_FOLDER',
    about: 'where compose file and env file lie',
    default: survey.folder,
  };
  const usesFolder = files.some((path) => path.startsWith(appFolder));
  return {
    databases,
    ...(database === undefined ? {} : { database }),
    ...(place.databaseOfUrl === undefined ? {} : { databaseOfUrl: place.databaseOfUrl }),
    inputs: [...(usesFolder ? [folder] : []), ...place.inputs, ...(objects?.inputs ?? [])],
    bring: [
      ...(keys === undefined
        ? []
        : [
            `${relative(survey.folder, keys.path) || keys.path}, from the vault: its keys belong to the data`,
          ]),
      ...(objects === undefined ? [] : ['the credentials of the bucket of the application']),
    ],
    before: writers.length === 0 ? [] : [stopStep(writers)],
    writeSections(sheet) {
      sheet.set('production', {
        database: place.fields,
        ...(objects === undefined ? {} : { objects: objects.production }),
        ...(services === undefined ? {} : { services }),
        ...(keys === undefined ? {} : { envFile: inFolder(survey, keys.path) }),
      });
      for (const text of place.notes) sheet.note(['production', 'database'], text);
      for (const text of [...place.toDo, ...otherServers(databases)])
        sheet.toDo(['production', 'database'], text);
      for (const text of objects?.notes ?? []) sheet.note(['production', 'objects'], text);
      for (const text of openAbout(survey, objects)) sheet.toDo(['production'], text);
      if (services !== undefined && database !== undefined && writers.length === 0)
        sheet.toDo(
          ['production', 'services'],
          `no service was seen to use ${database.service.name}. Those that write into it belong into a step stop-writers behind choose-snapshot, and start-services at the end.`,
        );
      writeDrill(sheet, { survey, database, fields: place.fields, objects });
    },
  };
}

type DatabasePlace = {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly inputs: readonly WantedInput[];
  readonly notes: readonly string[];
  readonly toDo: readonly string[];
  readonly databaseOfUrl?: string;
};

function throughCompose(survey: Survey, { service, user, name, password }: SeenDatabase): DatabasePlace {
  const login =
    password === undefined
      ? encodeURIComponent(user)
      : `${encodeURIComponent(user)}:${placeholder(password)}`;
  return {
    fields: {
      url: `postgresql://${login}@127.0.0.1:5432/${encodeURIComponent(name)}`,
      via: { kind: 'compose', file: servicesOf(survey)?.file, service: service.name },
    },
    inputs:
      password === undefined
        ? []
        : [{ name: password, about: `password of ${user} in the service ${service.name}`, secret: true }],
    notes: [
      `The service ${service.name} (${service.image}), reached inside of its container: no port has to be open.`,
      ...(password === undefined
        ? [
            `Nobody needs a password there, as the image comes. Where yours asks for one, add a secret input and write its placeholder behind ${user}, after a colon.`,
          ]
        : []),
    ],
    toDo: [],
  };
}

function byUrl(survey: Survey): DatabasePlace {
  const { postgres, others } = findUrls(survey.envFiles);
  const [first] = postgres;
  const variable = inputName(first?.variable ?? 'DATABASE_URL');
  const about =
    first === undefined
      ? 'postgresql://user:password@host:port/database'
      : `postgresql://user:password@host:port/database; ${relative(survey.folder, first.file) || first.file} has it`;
  const foreign = [
    ...others.map((one) => `${one.variable} (${one.kind})`),
    ...otherDatabases(survey.compose?.model),
  ];
  return {
    fields: { url: placeholder(variable) },
    inputs: [{ name: variable, about, secret: true }],
    notes: [],
    toDo: [
      ...(first === undefined
        ? [
            'no PostgreSQL was found here. Say where it is: the URL as an input, and `via` where only a container reaches it.',
          ]
        : []),
      ...(postgres.length > 1
        ? [
            `there are ${postgres.map((one) => one.variable).join(', ')}: ${variable} is taken. Correct it where another one is meant.`,
          ]
        : []),
      ...(foreign.length > 0 ? [`thaw restores PostgreSQL alone, and not ${foreign.join(', ')}.`] : []),
    ],
    ...(first?.database ? { databaseOfUrl: first.database } : {}),
  };
}

function otherServers(databases: readonly SeenDatabase[]): readonly string[] {
  const [taken, ...more] = databases;
  return taken === undefined || more.length === 0
    ? []
    : [
        `there are more: ${more.map(({ service }) => service.name).join(', ')}. A runbook restores one database: draft another one for each of them.`,
      ];
}

function openAbout(survey: Survey, objects: SeenObjects | undefined): readonly string[] {
  const written = findWrittenKeys(survey);
  const buckets = findBuckets(survey.compose?.model);
  return [
    ...(written.length === 0
      ? []
      : [
          `these look like keys that belong to the data, and stand in the compose file alone: ${written.join(', ')}. Keep them in the vault as well: without them a restored database may be unreadable.`,
        ]),
    ...(buckets.length === 0 || objects !== undefined
      ? []
      : [
          `objects are kept by ${buckets.join(', ')}. If they have a backup of their own, add production.objects, backups.objects and the step mirror-objects, or bring-objects.`,
        ]),
  ];
}

function servicesOf(survey: Survey): { readonly kind: 'compose'; readonly file: string } | undefined {
  return survey.compose === undefined
    ? undefined
    : {
        kind: 'compose',
        file: survey.compose.file
          .split(':')
          .map((path) => inFolder(survey, path))
          .join(':'),
      };
}

/** ${APP_FOLDER}/docker-compose.yml, so that another host changes one line. */
function inFolder({ folder }: Survey, path: string): string {
  const inside = relative(folder, path);
  return inside.startsWith('..')
    ? join(dirname(path), path.slice(path.lastIndexOf('/') + 1))
    : `${appFolder}/${inside}`;
}

function writersOf(survey: Survey, database: SeenDatabase): readonly string[] {
  return survey.compose === undefined
    ? []
    : findWriters(survey.compose.model, database).map(({ name }) => name);
}

function stopStep(services: readonly string[]): DraftStep {
  return {
    step: { kind: 'stop-writers', services },
    notes: [
      'They wait for the database, or have its name among their settings. A backup container among them would dump what is half restored.',
    ],
  };
}

/** Images that bring extensions which a PostgreSQL from packages has not. */
const extended = /postgis|timescale|vector|vchord|pgvecto|citus|paradedb|spilo|immich|supabase/i;

function writeDrill(
  sheet: Sheet,
  of: {
    readonly survey: Survey;
    readonly database: SeenDatabase | undefined;
    readonly fields: DatabasePlace['fields'];
    readonly objects: SeenObjects | undefined;
  },
): void {
  const { survey, database, fields, objects } = of;
  const image = database?.service.image ?? '';
  const major = Number(/:(\d+)/.exec(image)?.[1] ?? 0);
  const here = survey.hostMajor ?? 0;
  const hasOwn = here > 0 && here >= major && !extended.test(image);
  const places = {
    ...(hasOwn ? {} : { database: { ...fields, besideProduction: true } }),
    ...(objects === undefined ? {} : { objects: objects.drill }),
  };
  if (Object.keys(places).length > 0) sheet.set('drill', places);
  if (hasOwn) return;
  const why =
    here === 0
      ? 'this host has no PostgreSQL of its own'
      : extended.test(image)
        ? `${image} brings extensions that the PostgreSQL of this host may not have`
        : `PostgreSQL ${here} of this host is older than ${image}`;
  sheet.note(
    ['drill'],
    `A drill makes a database of its own on the same server, beside the live one, since ${why}. Another server is better: name it here, without besideProduction.`,
  );
}
