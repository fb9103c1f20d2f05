import { type Parser, parserOf, statementsOf, type Token, tokenise } from './statement-parser.ts';

/**
 * Reads what pg_dump writes of rights (dumputils.c, pg_dump.c up to 18), and nothing else. The text itself is never run: what comes out of it
 * is written anew. Whoever changes a dump can so ask for a grant, and for nothing that is not one.
 */
export type ReadStatement =
  | ({ readonly kind: 'grant'; readonly as?: string } & Grant)
  | ({
      readonly kind: 'default-privileges';
      readonly role: string;
      readonly schema?: string;
      readonly on: string;
    } & Grant)
  | {
      readonly kind: 'event-trigger';
      readonly name: string;
      readonly event: string;
      readonly tags: readonly string[];
      readonly call: { readonly schema: string; readonly name: string };
    }
  | { readonly kind: 'event-trigger-state'; readonly name: string; readonly state: string }
  | {
      readonly kind: 'publication';
      readonly name: string;
      readonly ofAllTables: boolean;
      readonly options: readonly (readonly [string, string])[];
    }
  | { readonly kind: 'publication-schema'; readonly name: string; readonly schema: string }
  | {
      readonly kind: 'setting';
      readonly role?: string;
      readonly name: string;
      readonly values: readonly string[];
    }
  | { readonly kind: 'connection-limit'; readonly limit: number }
  | { readonly kind: 'template' }
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'unknown'; readonly text: string };

export type Grant = {
  readonly verb: 'GRANT' | 'REVOKE';
  /** REVOKE GRANT OPTION FOR. */
  readonly optionOnly: boolean;
  readonly privileges: readonly { readonly name: string; readonly column?: string }[];
  /** undefined is PUBLIC. */
  readonly grantee: string | undefined;
  readonly withOption: boolean;
};

const privileges = new Set(
  'ALL SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER MAINTAIN USAGE CREATE EXECUTE CONNECT TEMPORARY'.split(
    ' ',
  ),
);
const defaultsOn = ['TABLES', 'SEQUENCES', 'FUNCTIONS', 'TYPES', 'SCHEMAS', 'LARGE OBJECTS'];
/** `login` is left out: one that fails would let nobody in any more. */
const events = ['ddl_command_start', 'ddl_command_end', 'sql_drop', 'table_rewrite'];
const publicationOptions = ['publish', 'publish_via_partition_root', 'publish_generated_columns'];

/** @param sql all statements of one entry. */
export function readRights(sql: string): readonly ReadStatement[] {
  const tokens = tokenise(sql);
  if (tokens === undefined) return [{ kind: 'unknown', text: sql.trim() }];
  const read: ReadStatement[] = [];
  let as: string | undefined;
  for (const { words, text } of statementsOf(tokens, sql)) {
    const parser = parserOf(words);
    const session = readSession(parser);
    if (session !== undefined) {
      as = session.role;
      continue;
    }
    const found = readStatement(words);
    if (found === undefined) read.push({ kind: 'unknown', text });
    else read.push(found.kind === 'grant' && as !== undefined ? { ...found, as } : found);
  }
  return read;
}

function readSession(parser: Parser): { readonly role: string | undefined } | undefined {
  if (parser.words('RESET', 'SESSION', 'AUTHORIZATION') && parser.isDone()) return { role: undefined };
  if (!parser.words('SET', 'SESSION', 'AUTHORIZATION')) return undefined;
  const role = parser.identifier() ?? parser.text();
  return role !== undefined && parser.isDone() ? { role } : undefined;
}

const readers: readonly ((parser: Parser) => ReadStatement | undefined)[] = [
  readGrantStatement,
  readDefaultPrivileges,
  readEventTrigger,
  readEventTriggerState,
  readPublication,
  readPublicationSchema,
  readSetting,
  readOfDatabase,
];

function readStatement(words: readonly Token[]): ReadStatement | undefined {
  for (const read of readers) {
    const parser = parserOf(words);
    const statement = read(parser);
    if (statement !== undefined && parser.isDone()) return statement;
  }
  return undefined;
}

/** What it is about the tag of the entry says: the name in the statement is stepped over. */
function readGrantStatement(parser: Parser): ReadStatement | undefined {
  const grant = readGrant(parser, () => parser.skipTo(['TO', 'FROM']));
  return grant === undefined ? undefined : { kind: 'grant', ...grant };
}

/** GRANT … ON what TO role: `readObject` takes what stands behind ON. */
function readGrant(parser: Parser, readObject: () => boolean): Grant | undefined {
  const verb = parser.words('GRANT') ? 'GRANT' : parser.words('REVOKE') ? 'REVOKE' : undefined;
  if (verb === undefined) return undefined;
  const optionOnly = verb === 'REVOKE' && parser.words('GRANT', 'OPTION', 'FOR');
  const list: { name: string; column?: string }[] = [];
  do {
    const name = parser.oneOf([...privileges]);
    if (name === undefined) return undefined;
    const column = parser.sign('(') ? parser.identifier() : undefined;
    if (column !== undefined && !parser.sign(')')) return undefined;
    list.push({ name, ...(column === undefined ? {} : { column }) });
  } while (parser.sign(','));
  if (!parser.words('ON') || !readObject()) return undefined;
  if (!parser.words(verb === 'GRANT' ? 'TO' : 'FROM')) return undefined;
  const isPublic = parser.words('PUBLIC');
  const grantee = isPublic ? undefined : parser.identifier();
  if (!isPublic && grantee === undefined) return undefined;
  const withOption = verb === 'GRANT' && parser.words('WITH', 'GRANT', 'OPTION');
  return { verb, optionOnly, privileges: list, grantee, withOption };
}

function readDefaultPrivileges(parser: Parser): ReadStatement | undefined {
  if (!parser.words('ALTER', 'DEFAULT', 'PRIVILEGES', 'FOR', 'ROLE')) return undefined;
  const role = parser.identifier();
  const schema = parser.words('IN', 'SCHEMA') ? parser.identifier() : undefined;
  let on: string | undefined;
  const grant = readGrant(parser, () => {
    on = parser.oneOf(defaultsOn);
    return on !== undefined;
  });
  if (role === undefined || grant === undefined || on === undefined) return undefined;
  return { kind: 'default-privileges', role, ...(schema === undefined ? {} : { schema }), on, ...grant };
}

function readEventTrigger(parser: Parser): ReadStatement | undefined {
  if (!parser.words('CREATE', 'EVENT', 'TRIGGER')) return undefined;
  const name = parser.identifier();
  const event = parser.words('ON') ? parser.identifier() : undefined;
  const tags: string[] = [];
  if (parser.words('WHEN', 'TAG', 'IN')) {
    if (!parser.sign('(')) return undefined;
    do {
      const tag = parser.text();
      if (tag === undefined) return undefined;
      tags.push(tag);
    } while (parser.sign(','));
    if (!parser.sign(')')) return undefined;
  }
  if (!parser.words('EXECUTE', 'FUNCTION')) return undefined;
  const schema = parser.identifier();
  const call = parser.sign('.') ? parser.identifier() : undefined;
  if (!parser.sign('(') || !parser.sign(')')) return undefined;
  if (name === undefined || event === undefined || schema === undefined || call === undefined)
    return undefined;
  return events.includes(event)
    ? { kind: 'event-trigger', name, event, tags, call: { schema, name: call } }
    : undefined;
}

function readEventTriggerState(parser: Parser): ReadStatement | undefined {
  if (!parser.words('ALTER', 'EVENT', 'TRIGGER')) return undefined;
  const name = parser.identifier();
  const state = parser.oneOf(['DISABLE', 'ENABLE ALWAYS', 'ENABLE REPLICA', 'ENABLE']);
  return name === undefined || state === undefined ? undefined : { kind: 'event-trigger-state', name, state };
}

function readPublication(parser: Parser): ReadStatement | undefined {
  if (!parser.words('CREATE', 'PUBLICATION')) return undefined;
  const name = parser.identifier();
  const ofAllTables = parser.words('FOR', 'ALL', 'TABLES');
  const options: (readonly [string, string])[] = [];
  if (name === undefined || !parser.words('WITH') || !parser.sign('(')) return undefined;
  do {
    const option = parser.identifier();
    if (option === undefined || !publicationOptions.includes(option) || !parser.sign('=')) return undefined;
    const value = parser.text() ?? parser.identifier();
    if (value === undefined) return undefined;
    options.push([option, value]);
  } while (parser.sign(','));
  return parser.sign(')') ? { kind: 'publication', name, ofAllTables, options } : undefined;
}

function readPublicationSchema(parser: Parser): ReadStatement | undefined {
  if (!parser.words('ALTER', 'PUBLICATION')) return undefined;
  const name = parser.identifier();
  if (!parser.words('ADD', 'TABLES', 'IN', 'SCHEMA')) return undefined;
  const schema = parser.identifier();
  return name === undefined || schema === undefined
    ? undefined
    : { kind: 'publication-schema', name, schema };
}

/** ALTER DATABASE x SET name TO 'value', and ALTER ROLE y IN DATABASE x SET …; a list has several values. */
function readSetting(parser: Parser): ReadStatement | undefined {
  const role = parser.words('ALTER', 'ROLE') ? parser.identifier() : undefined;
  const isOf = role === undefined ? parser.words('ALTER', 'DATABASE') : parser.words('IN', 'DATABASE');
  const database = isOf ? parser.identifier() : undefined;
  const name = parser.words('SET') ? parser.identifier() : undefined;
  if (database === undefined || name === undefined || !parser.words('TO')) return undefined;
  const values: string[] = [];
  do {
    const value = parser.text();
    if (value === undefined) return undefined;
    values.push(value);
  } while (parser.sign(','));
  return { kind: 'setting', ...(role === undefined ? {} : { role }), name, values };
}

function readOfDatabase(parser: Parser): ReadStatement | undefined {
  const isComment = parser.words('COMMENT', 'ON', 'DATABASE');
  if (!isComment && !parser.words('ALTER', 'DATABASE')) return undefined;
  if (parser.identifier() === undefined) return undefined;
  if (isComment) {
    const text = parser.words('IS') ? parser.text() : undefined;
    return text === undefined ? undefined : { kind: 'comment', text };
  }
  if (parser.words('IS_TEMPLATE') && parser.sign('=') && parser.words('TRUE')) return { kind: 'template' };
  const limit = parser.words('CONNECTION', 'LIMIT') && parser.sign('=') ? parser.number() : undefined;
  return limit === undefined ? undefined : { kind: 'connection-limit', limit };
}
