import type { DumpHead } from '../backups/dump-head.ts';
import type { ComposeModel, ComposeService } from './compose-model.ts';
import type { Family } from './infer-layout.ts';
import type { Recognised } from './layouts/known-layout.ts';

/** All that `thaw init` saw, before anything is concluded from it. */
export type Survey = {
  /** Where it stood, absolute. */
  readonly folder: string;
  readonly compose?: {
    /** The file that names the project, absolute; thaw finds those that belong to it. Where COMPOSE_FILE names several, all of them, joined by colons. */
    readonly file: string;
    readonly model: ComposeModel;
  };
  readonly envFiles: readonly SeenEnvFile[];
  readonly store?: SeenStore;
  /** Of the newest PostgreSQL whose server programs are on this host; left out where there are none. */
  readonly hostMajor?: number;
  /** What was there and could not be read, each a whole sentence. */
  readonly unread: readonly string[];
};

export type SeenEnvFile = {
  /** Absolute. */
  readonly path: string;
  /** It holds secrets: nothing of it but names, hosts and names of databases goes into a runbook. */
  readonly values: ReadonlyMap<string, string>;
};

/** An input of the runbook that a field of it needs. */
export type WantedInput = {
  readonly name: string;
  readonly about: string;
  readonly secret?: true;
  readonly default?: string;
};

/** Where the backups are: fields of the runbook, in which placeholders stand for every credential. */
export type StorePlace = {
  readonly fields: { readonly kind: string; readonly [field: string]: unknown };
  readonly inputs: readonly WantedInput[];
  /** For people: /srv/backups, s3://bucket/prefix. */
  readonly address: string;
  /** Within the store: empty, or ending in a slash. */
  readonly prefix: string;
  /** Who said so: --store, the service backup of the compose file. */
  readonly from: string;
};

export type SeenStore = StorePlace & {
  /** Left out where it could not be listed: then `unread` says why. */
  readonly listed?: {
    readonly count: number;
    readonly families: readonly Family[];
    readonly recognised?: Recognised;
    /** What was looked into, by its key: the newest of each family that may be dumps. */
    readonly contents: ReadonlyMap<string, Content>;
  };
};

/** What the first bytes of one object tell. */
export type Content =
  | { readonly kind: 'dump'; readonly head: DumpHead }
  /** Nobody can say what is inside without the key. `passphrase`: it wants one, and no key. */
  | { readonly kind: 'sealed'; readonly layer: string; readonly passphrase: boolean }
  /** Something else, or nothing that thaw opens: a whole sentence says what. */
  | { readonly kind: 'other'; readonly why: string };

export type SeenDatabase = {
  readonly service: ComposeService;
  readonly user: string;
  readonly name: string;
  /** Input with the password, where the image lets nobody in without one even from inside. */
  readonly password?: string;
};

export function isBackupService({ name, image }: Pick<ComposeService, 'name' | 'image'>): boolean {
  return /backup|borg|restic|kopia|databasus|postgresus|dbackup|pgdump|pg_dump/i.test(`${name} ${image}`);
}

const server = /(?:postgres|postgis|timescale|pgvecto|pgvector|vchord|vectorchord|citus|paradedb|spilo)/i;
const noServer = /backup|export|pgadmin|pgbouncer|pgpool|postgrest|pgweb|adminer|restore|walg|wal-g/i;

/** Images of other databases, whose dumps thaw does not restore. */
const otherServer = /(?:^|\/)(?:mysql|mariadb|percona|mongo|mssql)/i;

export function isOtherServer({ image }: Pick<ComposeService, 'image'>): boolean {
  return otherServer.test(image);
}

export function otherDatabases(model: ComposeModel | undefined): readonly string[] {
  return (model?.services ?? []).filter(isOtherServer).map(({ name }) => name);
}

/** The services that run a PostgreSQL, the one that most others need first. */
export function findDatabases(model: ComposeModel | undefined): readonly SeenDatabase[] {
  const all = model?.services ?? [];
  const servers = all.filter(({ image }) => {
    const name = image.replace(/@.*$/, '').replace(/:[^/]*$/, '');
    return server.test(name) && !noServer.test(name);
  });
  const needed = (one: ComposeService) => all.filter((other) => talksTo(other, one)).length;
  return servers
    .toSorted((one, other) => needed(other) - needed(one))
    .map((service) =>
      toDatabase(
        service,
        all.flatMap((one) => namesUsed(one, service)),
      ),
    );
}

/** How applications call the name of their database, beside a URL. */
const databaseName = /(?:DB_NAME|DBNAME|DB_DATABASE|DATABASE_NAME|DATABASE|POSTGRES_DB|PGDATABASE)$/;

/** The databases that one service uses on the server of another, as its settings say. */
function namesUsed(one: ComposeService, other: ComposeService): readonly string[] {
  if (one.name === other.name || isBackupService(one)) return [];
  const there = [...one.environment].filter(([, value]) => hostIn(value) === other.name);
  const urls = there.flatMap(([, value]) => /^postgres[^:]*:\/\/[^/]*\/([\w.-]+)/i.exec(value)?.[1] ?? []);
  const named = [...one.environment].flatMap(([key, value]) =>
    databaseName.test(key) && /^[\w.-]+$/.test(value) ? [value] : [],
  );
  return there.length === 0 ? [] : [...urls, ...named];
}

function toDatabase(service: ComposeService, used: readonly string[]): SeenDatabase {
  const { environment, variables, image } = service;
  const first = (names: readonly string[]) => names.map((name) => environment.get(name)).find(Boolean);
  const user = first(['POSTGRES_USER', 'POSTGRESQL_USERNAME', 'POSTGRESQL_USER']) ?? 'postgres';
  const made = first(['POSTGRES_DB', 'POSTGRESQL_DATABASE', 'POSTGRES_DATABASE']);
  // What the image made first need not be what the application uses: Mastodon makes its own.
  const name = made !== undefined && (used.length === 0 || used.includes(made)) ? made : (used[0] ?? user);
  // The official image and what is built on it trust whoever is inside of the container; these do not.
  const asks =
    /bitnami|spilo/i.test(image) || /--auth|-A\b/.test(environment.get('POSTGRES_INITDB_ARGS') ?? '');
  const key = ['POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD'].find((one) => environment.has(one));
  return {
    service,
    user,
    name,
    ...(asks ? { password: inputName(variables.get(key ?? '') ?? key ?? 'POSTGRES_PASSWORD') } : {}),
  };
}

/** Whatever is connected to the database or waits for it: the backup container, too, which would dump what is half restored. */
export function findWriters(model: ComposeModel, database: SeenDatabase): readonly ComposeService[] {
  return model.services.filter((one) => talksTo(one, database.service));
}

function talksTo(one: ComposeService, other: ComposeService): boolean {
  if (one.name === other.name) return false;
  if (one.needs.includes(other.name)) return true;
  return [...one.environment.values()].some((value) => hostIn(value) === other.name);
}

/** Of a URL, of host:port, or a name alone. */
export function hostIn(value: string): string {
  const url = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/?#]*@)?([^:/?#]+)/i.exec(value)?.[1];
  return url ?? value.split(':')[0] ?? value;
}

/** URLs of PostgreSQL in env files, by the name of their variable. Of other databases' URLs only the kind is told. */
export function findUrls(envFiles: readonly SeenEnvFile[]): {
  readonly postgres: readonly {
    readonly variable: string;
    readonly database: string;
    readonly file: string;
  }[];
  readonly others: readonly { readonly variable: string; readonly kind: string }[];
} {
  const all = envFiles.flatMap(({ path, values }) =>
    [...values].flatMap(([variable, value]) => {
      const found =
        /^(postgres(?:ql)?(?:\+\w+)?|mysql2?|mariadb|mongodb(?:\+srv)?):\/\/[^/]*(?:\/([^?#]*))?/i.exec(
          value,
        );
      return found === null ? [] : [{ variable, kind: found[1] ?? '', database: found[2] ?? '', file: path }];
    }),
  );
  const isPostgres = ({ kind }: { readonly kind: string }) => /^postgres/i.test(kind);
  return { postgres: all.filter(isPostgres), others: all.filter((one) => !isPostgres(one)) };
}

/** Names that speak of a key which opens, or signs, what the application stores. */
const opens =
  /ENCRYPT|SECRET_KEY|APP_KEY|APP_SECRET|OTP_SECRET|UTILS_SECRET|MASTER_KEY|FERNET|VAPID_PRIVATE|JWT_SECRET|^JWT$|DERIVATION_SALT|^SECRET$|HASH_SALT|KEY_BASE|PEPPER|INTERNAL_TOKEN/;
/** Keys of services elsewhere, and passwords of the parts: they can be given anew. */
const elsewhere =
  /AWS|S3_|_S3|ACCESS_KEY|SMTP|MAIL|OAUTH|OIDC|CLIENT|CAPTCHA|STRIPE|SLACK|GITHUB|GOOGLE|PGP|GPG|BACKUP|RESTIC|BORG|PUBLIC|MINIO|STORAGE|_FILE$/;

function isApplicationKey(name: string): boolean {
  return opens.test(name) && !elsewhere.test(name);
}

/** The env file that holds the keys, and their names; undefined where no file does. */
export function findKeyFile(
  envFiles: readonly SeenEnvFile[],
): { readonly path: string; readonly names: readonly string[] } | undefined {
  const [best] = envFiles
    .map(({ path, values }) => ({
      path,
      names: [...values].flatMap(([name, value]) => (value !== '' && isApplicationKey(name) ? [name] : [])),
    }))
    .filter(({ names }) => names.length > 0)
    .toSorted((one, other) => other.names.length - one.names.length);
  return best;
}

/** Keys that stand in a compose file itself, where no env file has them: SERVICE NAME. */
export function findWrittenKeys(survey: Survey): readonly string[] {
  const inFiles = new Set(survey.envFiles.flatMap(({ values }) => [...values.keys()]));
  return (survey.compose?.model.services ?? []).flatMap(({ name: service, environment, variables }) =>
    [...environment]
      .filter(([name, value]) => value !== '' && isApplicationKey(name))
      .filter(([name]) => !inFiles.has(name) && !inFiles.has(variables.get(name) ?? name))
      .map(([name]) => `${name} (${service})`),
  );
}

const noFiles =
  /redis|valkey|memcached|rabbitmq|traefik|caddy|nginx|prometheus|grafana|loki|elastic|opensearch|backup|restic|borg|watchtower|portainer/i;
const noContent =
  /^\/(?:etc|dev|proc|sys|run|var\/run|tmp)(?:\/|$)|\.(?:ya?ml|json|toml|conf|ini|env|sh|sql|crt|pem|key|sock|cfg)$|(?:cache|logs?|tmp|certs?|letsencrypt)$/i;

/** Folders and volumes in which an application keeps files of its own. */
export function findFileMounts(
  model: ComposeModel | undefined,
  databases: readonly SeenDatabase[],
): readonly { readonly service: string; readonly source: string; readonly target: string }[] {
  const servers = new Set(databases.map(({ service }) => service.name));
  const seen = new Set<string>();
  return (model?.services ?? [])
    .filter(({ name, image }) => !servers.has(name) && !noFiles.test(image) && !otherServer.test(image))
    .flatMap(({ name, mounts }) =>
      mounts
        .filter(
          ({ readOnly, source, target }) => !readOnly && !noContent.test(source) && !noContent.test(target),
        )
        .map(({ source, target }) => ({ service: name, source, target })),
    )
    .filter(({ source }) => !seen.has(source) && seen.add(source));
}

export function isObjectServer({ image }: Pick<ComposeService, 'image'>): boolean {
  return /(?:^|\/)(?:minio|garage|seaweedfs|rustfs)/i.test(image);
}

/** Buckets in which the application itself keeps objects: service and the variable that names one. */
export function findBuckets(model: ComposeModel | undefined): readonly string[] {
  return (model?.services ?? [])
    .filter(({ image, name }) => !/backup/i.test(`${image} ${name}`))
    .flatMap(({ name, image, environment }) => {
      const variable = [...environment.keys()].find((key) => /(?:S3|MINIO|STORAGE|AWS).*BUCKET/.test(key));
      if (variable !== undefined) return [`${name} (${variable})`];
      return isObjectServer({ image }) ? [`${name} (${image})`] : [];
    });
}

/** Inputs are upper case. */
export function inputName(text: string): string {
  const name = text.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
  return /^[A-Z]/.test(name) ? name : `X_${name}`;
}
