import type { Secret } from '../base/secret.ts';
import type { Catalogue } from './catalogue.ts';
import type { LoginRights } from './login-rights.ts';

/** Whom to log in as, where it is not the user of the URL. */
export type DatabaseLogin = { readonly user: string; readonly password: Secret };

/** User and password of another URL, at the server of the first: how a program beside it calls that server may mean nothing here. */
export type LoginOfUrl = { readonly ofUrl: Secret };

/**
 * The role under which a dump is restored: it may log in, fill one database, and reach nothing else. What stands in a dump runs
 * with the rights of whoever restores it, so this is all that it can do.
 */
export type CellRequest = {
  readonly role: string;
  /** Made by us and owned by us: an owner could set what our next session there runs with. */
  readonly database: string;
  /** Whose role it is; only what carries it is ever changed or dropped. */
  readonly comment: string;
  /** An administrator made the role once, and it stays as it is: it is let into the database, and out again. */
  readonly given?: DatabaseLogin | undefined;
};

/**
 * What a dump says of who owns what and who may use what. It is a claim: which objects there are the catalogue says, and each statement
 * is read by a strict grammar and written anew.
 */
export type DumpRights = {
  readonly objects: readonly DumpedObject[];
  /** Of every large object that is not among them. */
  readonly largeObjectOwner?: string;
  /** Left out by a dump that was made to go into a database of another's making. */
  readonly databaseOwner?: string;
  readonly statements: readonly RightsStatement[];
};

/** As the catalogue calls its kinds (pg_identify_object): table, materialized view, large object, … */
type DumpedObject = {
  readonly kind: string;
  /** Empty where it belongs to none. */
  readonly schema: string;
  /** `sd(integer, text)` for a function. */
  readonly name: string;
  readonly owner: string;
};

/** One entry of the dump that an administrator has to make: grants, default privileges, event triggers, publications. */
type RightsStatement = {
  /** As in the table of contents: ACL, DEFAULT ACL, … */
  readonly type: string;
  readonly schema: string;
  /** `COLUMN clients.id` for grants on one column. */
  readonly tag: string;
  readonly sql: string;
};

export type PutBackRequest = CellRequest & {
  /** Who gets what the dump gives to nobody who may have it. */
  readonly newOwner: string;
  /** Gets it instead, where that one may: who owned the database of the dump, where there is no old one. */
  readonly preferredOwner?: string | undefined;
  readonly rights: DumpRights | undefined;
  /** Nothing stays: what can be put back is told, and the role keeps everything. */
  readonly trial: boolean;
  /** Its author is proven: then what only an administrator may make is made, too. */
  readonly signed: boolean;
  /** Of a trial: roles that the dump names and the server lacks are made for it, where our user may. */
  readonly makeRoles: boolean;
  /** Of a trial: whose rights are read as they would be. */
  readonly logins?: readonly string[] | undefined;
};

export type RightsReport = {
  /** Objects whose owner is the one that the dump names, of how many. */
  readonly owners: { readonly done: number; readonly of: number };
  readonly grants: { readonly done: number; readonly of: number };
  /** Made for a trial, and gone with it. */
  readonly rolesMade: readonly string[];
  /** What is not as the dump has it, and why. */
  readonly left: readonly { readonly what: string; readonly why: string }[];
  /** Code that acts with other rights than those of whoever asks, or without being asked. */
  readonly code: {
    /** SECURITY DEFINER functions. */
    readonly definers: readonly string[];
    readonly triggers: number;
    readonly rules: number;
    /** In indexes and statistics: the server evaluates them as the owner of the table, whenever it likes. */
    readonly expressions: number;
  };
  /** Who owns what the dump gives to nobody else. */
  readonly owner: { readonly name: string; readonly isSuperuser: boolean };
  /** Of a trial: owners, grants and what is made last, as they would be. */
  readonly catalogue?: Catalogue;
  /** Of a trial: of those asked for that the server has. */
  readonly logins?: readonly LoginRights[];
};

/**
 * What a dump says of the database itself, and so of no object in it. Where there is an old database, that one tells; on a blank server
 * nothing else does. Its settings may hold secrets.
 */
export type DumpedDatabase = {
  readonly comment?: string;
  /** What was set for all that connect to it. */
  readonly searchPath?: readonly string[];
  /** Settings, also of one role in this database; the limit of connections; who may connect. Of some entries, each with its statements. */
  readonly statements: readonly string[];
};

export type DatabaseSettingsRequest = {
  readonly database: string;
  readonly owner: string;
  readonly dumped: DumpedDatabase;
  /** Nothing stays. */
  readonly trial: boolean;
  /** Of a trial: as with `PutBackRequest`. */
  readonly makeRoles: boolean;
};

export type DatabaseSettingsReport = {
  readonly done: number;
  readonly of: number;
  /** Names, and no values. */
  readonly left: readonly { readonly what: string; readonly why: string }[];
  /** Of a trial: the settings as they would be. */
  readonly catalogue?: Catalogue;
};
