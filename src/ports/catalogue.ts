/** What a database is made of beside its rows. Each section is compared by itself; `backups/catalogue.ts` says what is in it. */
export type CatalogueSection =
  | 'schemas'
  | 'extensions'
  | 'types'
  | 'functions'
  | 'operators'
  | 'text search and collations'
  | 'tables'
  | 'sequences'
  | 'constraints'
  | 'indexes'
  | 'triggers and rules'
  | 'policies'
  | 'statistics'
  | 'foreign servers'
  | 'comments'
  | 'large objects'
  | 'expressions'
  | 'texts of views'
  | 'tablespaces'
  | 'security labels'
  | 'subscriptions'
  | 'publications'
  | 'event triggers'
  /** On what is made last: publications, event triggers. */
  | 'late comments'
  | 'owners'
  | 'grants'
  | 'grants of MAINTAIN'
  | 'default privileges'
  | 'locale'
  | 'settings'
  | 'rights to the database';

/** One object of a section: by name, and by what the catalogue says of it, in one text. No secret is in either. */
export type CatalogueObject = {
  readonly section: CatalogueSection;
  /** As pg_identify_object writes it: `table public.clients`. */
  readonly name: string;
  readonly text: string;
};

/** A section that is not among `sections` was not read. */
export type Catalogue = {
  /** For example 15: some texts the server writes anew from what it has parsed, and each version in its own way. */
  readonly serverMajor: number;
  readonly sections: readonly CatalogueSection[];
  readonly objects: readonly CatalogueObject[];
};
