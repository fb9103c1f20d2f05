// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of a runbook look like this.
import { stringify } from 'yaml';

type Fields = Readonly<Record<string, unknown>>;

type Shop = {
  /** The folder with its dumps. */
  readonly store: string;
  /** What their names end in. */
  readonly endings?: string;
  readonly backups?: Fields;
  readonly inputs?: Fields;
  /** Beside the URL, of production and of the drill on its server. */
  readonly database?: Fields;
  readonly production?: Fields;
  readonly drill?: Fields;
  /** Of the step that restores. */
  readonly restore?: Fields;
  readonly before?: readonly Fields[];
  readonly after?: readonly Fields[];
  /** Left out: other people make its dumps. */
  readonly producer?: Fields;
};

/** The runbook of a company that has one database, at the URL in LIVE, and its dumps in a folder. */
export function shopRunbook(shop: Shop): string {
  const { store, endings = '.dump', database = {} } = shop;
  return stringify({
    thaw: 1,
    name: 'shop',
    title: 'Shop',
    objectives: { rto: '1h', rpo: '24h' },
    inputs: { LIVE: { about: 'production', secret: true }, ...shop.inputs },
    backups: {
      store: { kind: 'directory', path: store },
      dumps: { layout: `shop-{date}${endings}` },
      ...shop.backups,
    },
    production: { database: { url: '${LIVE}', ...database }, ...shop.production },
    drill: { database: { url: '${LIVE}', besideProduction: true, ...database }, ...shop.drill },
    ...(shop.producer === undefined ? {} : { producer: shop.producer }),
    steps: [
      ...['choose-snapshot', 'fetch', 'decrypt'].map((kind) => ({ kind })),
      ...(shop.before ?? []),
      { kind: 'restore-database', ...shop.restore },
      ...(shop.after ?? []),
    ],
  });
}
