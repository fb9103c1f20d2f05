/** What a login may do with one object of a database, as the catalogue says. */
export type ObjectRights = {
  /** As the catalogue calls it, with its schema: table public.clients. */
  readonly what: string;
  readonly kind: 'relation' | 'sequence' | 'schema' | 'routine';
  /** Of a schema its own name. */
  readonly schema: string;
  /** SELECT, INSERT, USAGE, …; empty where it may do nothing. `SELECT of columns` is of one column at least. */
  readonly rights: readonly string[];
};

/** What one role may do in one database. */
export type LoginRights = {
  readonly role: string;
  readonly mayLogIn: boolean;
  /** CONNECT to this database: it belongs to the database itself, and not to its content. */
  readonly mayConnect: boolean;
  readonly isSuperuser: boolean;
  /** Every object that is not the system's. */
  readonly objects: readonly ObjectRights[];
};

/** What a user read of the tables and views that it may read: one row of each, and none of them leaves the server. */
export type TablesRead = {
  readonly user: string;
  /** It has rights that code of a dump must not run with: then nothing was read. */
  readonly isTooMighty: boolean;
  /** Tables and views that are there, and how many of them it may read. */
  readonly of: number;
  readonly mayRead: number;
  /** As many as were tried within the limits. */
  readonly tables: readonly TableRead[];
};

type TableRead = {
  readonly what: string;
  readonly schema: string;
  readonly name: string;
  readonly saw: 'row' | 'nothing' | 'refused' | 'not in time';
  /** In the server's words, where it was refused. */
  readonly why?: string;
  /** Row-level security applies to this user. */
  readonly underPolicies: boolean;
};
