import { placeholder } from '../platform/declare-fields.ts';
import { asLayoutText, type Family } from './infer-layout.ts';
import type { SeenObjects } from './objects-part.ts';
import type { DraftStep, Part } from './part.ts';
import type { Content, SeenStore, Survey, WantedInput } from './survey.ts';

/** What is said about the dumps, and how sure it is. */
type Dumps = {
  readonly layout: string;
  readonly notes: readonly string[];
  readonly toDo: readonly string[];
  readonly content?: Content | undefined;
  /** Fields of the step that restores them. */
  readonly restore?: { readonly searchPath: readonly string[] };
};

/** Where the backups are, how they are named, and what opens them. */
export function backupsPart(
  survey: Survey,
  of: { readonly database: string | undefined; readonly objects: SeenObjects | undefined },
): Part & {
  readonly restore: NonNullable<Dumps['restore']> | undefined;
  readonly roles: readonly DraftStep[];
} {
  const { store } = survey;
  const { database, objects } = of;
  const dumps = store === undefined ? nothingFound(database) : dumpsIn(store, database);
  const key = keyFor(dumps.content, survey);
  const cluster = isCluster(dumps.content);
  return {
    restore: dumps.restore,
    roles: rolesStep(store),
    inputs: [...(store?.inputs ?? [noStoreInput]), ...key.inputs],
    bring: [
      ...(store === undefined || store.inputs.every((one) => !one.secret)
        ? []
        : ['the credentials of the backup store']),
      ...key.bring,
    ],
    writeSections(sheet) {
      sheet.set('backups', {
        store: store?.fields ?? { kind: 'directory', path: placeholder('BACKUPS_FOLDER') },
        dumps: {
          layout: `${asLayoutText(store?.prefix ?? '')}${dumps.layout}`,
          ...(cluster && database !== undefined ? { database: database.replaceAll('${', '$') } : {}),
        },
        ...(objects === undefined ? {} : { objects: { prefix: objects.prefix } }),
        ...(key.fields === undefined ? {} : { key: key.fields }),
      });
      for (const text of objects?.toDo ?? []) sheet.toDo(['backups', 'objects'], text);
      if (store !== undefined) sheet.note(['backups', 'store'], `${store.address}, told by ${store.from}.`);
      for (const text of [...dumps.notes, ...sayContent(dumps.content)])
        sheet.note(['backups', 'dumps'], text);
      for (const text of dumps.toDo) sheet.toDo(['backups', 'dumps'], text);
      if (cluster && database === undefined)
        sheet.toDo(
          ['backups', 'dumps'],
          'these are dumps of a whole server: name the database to take, as `database` here.',
        );
      for (const text of key.toDo) sheet.toDo(['backups', 'key'], text);
      sheet.note(
        ['backups'],
        'Nobody proves who made these dumps, nor what was in the database: `thaw backup` writes that down (docs/backups.md).',
      );
    },
  };
}

const noStoreInput: WantedInput = { name: 'BACKUPS_FOLDER', about: 'where the dumps lie' };

function nothingFound(database = 'NAME'): Dumps {
  return {
    layout: `${asLayoutText(database)}-{date}.sql.gz`,
    notes: [],
    toDo: [
      'no store was found. Say where the dumps lie: `thaw init --store s3://BUCKET/PREFIX`, `--store rclone:REMOTE:PATH` or `--store FOLDER` reads their names; or correct store and layout by hand.',
    ],
  };
}

function dumpsIn(store: SeenStore, database: string | undefined): Dumps {
  const { listed } = store;
  if (listed === undefined)
    return {
      layout: `${asLayoutText(database ?? 'NAME')}-{date}.sql.gz`,
      notes: [],
      toDo: ['the store could not be listed, so the layout is a guess. Compare it with the names there.'],
    };
  const { recognised, families, contents } = listed;
  const best = bestFamily(families, { contents, database });
  if (recognised?.layout !== undefined)
    return {
      layout: recognised.layout,
      notes: [`Named as by ${recognised.name}.`, ...recognised.notes],
      toDo: recognised.toDo,
      ...(recognised.searchPath === undefined ? {} : { restore: { searchPath: recognised.searchPath } }),
      content: contents.get(recognised.example ?? ''),
    };
  const layout = best?.pattern ?? `${asLayoutText(database ?? 'NAME')}-{date}.sql.gz`;
  if (recognised !== undefined) return { layout, notes: [], toDo: recognised.toDo };
  if (best === undefined) return { layout, notes: [], toDo: [nothingLikeADump(store)] };
  return {
    layout,
    notes: [],
    toDo: [
      ...notDated(best),
      ...otherFamilies(best, { families, contents }),
      ...whyNot(contents.get(best.objects[0].key)),
    ],
    content: contents.get(best.objects[0].key),
  };
}

/** What pg_dumpall --globals-only wrote, which begins as a dump of a whole server does. */
function holdsRoles({ pattern }: Family): boolean {
  return /(?:^|[/_.-])(?:globals?|roles?)(?:[/_.{-]|$)/i.test(pattern);
}

function rolesStep(store: SeenStore | undefined): readonly DraftStep[] {
  const { families = [], contents = new Map<string, Content>() } = store?.listed ?? {};
  const found = families.find(
    (one) =>
      holdsRoles(one) && one.looksLike !== 'archive' && contents.get(one.objects[0].key)?.kind !== 'other',
  );
  if (found === undefined) return [];
  return [
    {
      step: { kind: 'restore-roles', layout: `${asLayoutText(store?.prefix ?? '')}${found.pattern}` },
      notes: [
        'Roles with their passwords, which a dump of one database has not. Those that the server has are left as they are; a drill reads them and makes none.',
      ],
      toDo: [
        'that these are roles (pg_dumpall --globals-only) is told by the name alone. Each dump needs one of its own time beside it.',
      ],
    },
  ];
}

/** What was opened and is a dump comes before what is encrypted, and that before what is only called one. */
function bestFamily(
  families: readonly Family[],
  of: { readonly contents: ReadonlyMap<string, Content>; readonly database: string | undefined },
): Family | undefined {
  const rank = (family: Family): number => {
    if (holdsRoles(family)) return 9;
    const content = of.contents.get(family.objects[0].key);
    const isNamed = of.database !== undefined && family.pattern.includes(of.database);
    const base =
      content?.kind === 'dump'
        ? 0
        : content?.kind === 'sealed' && family.looksLike === 'dump'
          ? 2
          : family.looksLike === 'dump'
            ? 4
            : 9;
    return base - (isNamed ? 1 : 0);
  };
  const [best] = families.toSorted(
    (one, other) => rank(one) - rank(other) || other.objects[0].modifiedAtMs - one.objects[0].modifiedAtMs,
  );
  return best !== undefined && rank(best) < 8 ? best : undefined;
}

function nothingLikeADump({ listed, address }: SeenStore): string {
  const names = (listed?.families ?? []).slice(0, 3).map(({ objects }) => objects[0].key);
  return names.length === 0
    ? `${address} is empty. Have a dump made, then compare the layout with its name.`
    : `nothing in ${address} looks like a dump of PostgreSQL (${names.join(', ')} …). Correct the layout, or name another store.`;
}

function notDated({ pattern, objects }: Family): readonly string[] {
  if (/\{(?:timestamp|date|week|month)\}/.test(pattern)) return [];
  return objects.length === 1
    ? [
        `${objects[0].key} is the only one of its name: each dump seems to take the place of the one before it. Keep several, under names with a time.`,
      ]
    : ['the names tell no time that can be read: when the store took a file counts as its time.'];
}

function otherFamilies(
  best: Family,
  {
    families,
    contents,
  }: { readonly families: readonly Family[]; readonly contents: ReadonlyMap<string, Content> },
): readonly string[] {
  const others = families.filter(
    (one) =>
      one !== best &&
      !holdsRoles(one) &&
      contents.get(one.objects[0].key)?.kind !== 'other' &&
      one.looksLike === 'dump',
  );
  if (others.length === 0) return [];
  return [
    `there are other dumps as well: ${others
      .slice(0, 5)
      .map(({ pattern }) => pattern)
      .join(', ')}. The layout takes the likeliest.`,
  ];
}

function whyNot(content: Content | undefined): readonly string[] {
  return content?.kind === 'other' ? [content.why] : [];
}

function isCluster(content: Content | undefined): boolean {
  return content?.kind === 'dump' && content.head.format === 'plain' && content.head.isCluster === true;
}

function sayContent(content: Content | undefined): readonly string[] {
  if (content?.kind !== 'dump') return [];
  const { head } = content;
  if (head.format === 'plain')
    return [
      head.isCluster
        ? 'The newest is a dump of a whole server (pg_dumpall), of which one database is taken. Its roles are made by the step restore-roles, behind decrypt, where a new server has none of them.'
        : `The newest is plain SQL${head.serverVersion === '' ? '' : ` of PostgreSQL ${head.serverVersion}`}.`,
    ];
  const { header } = head;
  return [
    header === undefined
      ? 'The newest is a directory of pg_dump, packed as tar.'
      : `The newest is a ${head.format} archive of the database ${header.databaseName}, PostgreSQL ${header.serverVersion}.`,
  ];
}

type Key = {
  readonly fields?: Readonly<Record<string, string>>;
  readonly inputs: readonly WantedInput[];
  readonly bring: readonly string[];
  readonly toDo: readonly string[];
};

/** How backup containers call the passphrase that they encrypt with. */
const passphraseNames = [
  'PASSPHRASE',
  'GPG_PASSPHRASE',
  'AGE_PASSPHRASE',
  'BACKUP_PASSPHRASE',
  'ENCRYPTION_PASSPHRASE',
];

function keyFor(content: Content | undefined, survey: Survey): Key {
  if (content?.kind !== 'sealed') return { inputs: [], bring: [], toDo: [] };
  const toDo = ['the dumps are encrypted, so nobody has looked inside yet: `thaw check` does, with the key.'];
  if (content.passphrase) {
    const known = new Set([
      ...(survey.compose?.model.services ?? []).flatMap(({ environment }) => [...environment.keys()]),
      ...survey.envFiles.flatMap(({ values }) => [...values.keys()]),
    ]);
    const name = passphraseNames.find((one) => known.has(one)) ?? 'BACKUP_PASSPHRASE';
    return {
      fields: { passphrase: placeholder(name) },
      inputs: [{ name, about: 'the passphrase that the dumps are encrypted with', secret: true }],
      bring: ['the passphrase of the backups'],
      toDo,
    };
  }
  if (content.layer === 'age')
    return {
      fields: { ageIdentityFile: placeholder('BACKUP_AGE_IDENTITY_FILE') },
      inputs: [
        { name: 'BACKUP_AGE_IDENTITY_FILE', about: 'a file with the age identity that opens the dumps' },
      ],
      bring: ['the age identity that opens the backups'],
      toDo,
    };
  return {
    fields: {
      privateKeyFile: placeholder('BACKUP_PRIVATE_KEY_FILE'),
      passphrase: placeholder('BACKUP_KEY_PASSPHRASE'),
    },
    inputs: [
      {
        name: 'BACKUP_PRIVATE_KEY_FILE',
        about: 'the armored private key; empty: the keyring of the gpg on this host',
        default: '',
      },
      {
        name: 'BACKUP_KEY_PASSPHRASE',
        about: 'its passphrase; empty where it has none',
        secret: true,
        default: '',
      },
    ],
    bring: ['the private key of the backups, and its passphrase'],
    toDo,
  };
}
