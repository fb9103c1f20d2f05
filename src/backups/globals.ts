/**
 * Roles as `pg_dumpall --globals-only` writes them: one statement a line, each role created and then altered. The lines are read and
 * never handed on: what is run is written anew from what was understood. Whatever else stands in the file is counted and left alone.
 */
export type Globals = {
  readonly roles: readonly GlobalRole[];
  readonly memberships: readonly Membership[];
  /** Tablespaces, and lines that are no single statement about a role. */
  readonly leftOut: number;
  /** pg_dumpall says so at its end. */
  readonly isComplete: boolean;
};

export type GlobalRole = {
  readonly name: string;
  /** INHERIT, NOLOGIN and the like, without those that are powers. */
  readonly attributes: readonly string[];
  /** What no application needs and no owner may have: SUPERUSER, CREATEROLE, CREATEDB, REPLICATION, BYPASSRLS. */
  readonly powers: readonly string[];
  readonly connectionLimit?: number | undefined;
  /** A hash, mostly. */
  readonly password?: string | undefined;
  readonly validUntil?: string | undefined;
  readonly settings: readonly RoleSetting[];
};

export type RoleSetting = {
  readonly database?: string | undefined;
  readonly name: string;
  /** More than one where the setting is a list. */
  readonly values: readonly string[];
};

type Membership = { readonly role: string; readonly member: string; readonly admin: boolean };

const powers = ['SUPERUSER', 'CREATEROLE', 'CREATEDB', 'REPLICATION', 'BYPASSRLS'];
const name = '("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)';
const text = "'(?:[^']|'')*'";
const attribute = `(?:NO)?(?:${[...powers, 'INHERIT', 'LOGIN'].join('|')})`;
const create = new RegExp(`^CREATE ROLE ${name};$`);
const alter = new RegExp(
  `^ALTER ROLE ${name} WITH((?: ${attribute})*)(?: CONNECTION LIMIT (-?\\d+))?(?: PASSWORD (${text}))?(?: VALID UNTIL (${text}))?;$`,
);
const set = new RegExp(
  `^ALTER ROLE ${name}(?: IN DATABASE ${name})? SET ${name} TO (${text}(?:, ${text})*);$`,
);
const option = '(?:ADMIN|INHERIT|SET) (?:OPTION|TRUE|FALSE)';
const grant = new RegExp(
  `^GRANT ${name} TO ${name}((?: WITH ${option}(?:, ${option})*)?)(?: GRANTED BY ${name})?;$`,
);
/** What a dump of a whole server drops before it makes it anew is never dropped here. */
const isNothing =
  /^(--.*|DROP (?:DATABASE|ROLE|TABLESPACE) [^;]+;|\\connect .*|\s*|SET \w+ = [^;]+;|SELECT pg_catalog\.set_config\([^;]+;|\\(un)?restrict( \S+)?)$/;

export function readGlobals(dump: string): Globals {
  const roles = new Map<string, GlobalRole>();
  const memberships: Membership[] = [];
  let leftOut = 0;
  for (const line of dump.split('\n').map((one) => one.trimEnd())) {
    const [created, altered, setting, granted] = [create, alter, set, grant].map((form) => form.exec(line));
    const known = roles.get(unquote((altered ?? setting)?.[1]));
    if (created) {
      const role = unquote(created[1]);
      roles.set(role, { name: role, attributes: [], powers: [], settings: [] });
    } else if (altered && known !== undefined)
      roles.set(known.name, { ...known, ...readAttributes(altered) });
    else if (setting && known !== undefined)
      roles.set(known.name, { ...known, settings: [...known.settings, readSetting(setting)] });
    else if (granted) {
      // Who granted it may not be there; the membership counts.
      const admin = /ADMIN (OPTION|TRUE)/.test(granted[3] ?? '');
      memberships.push({ role: unquote(granted[1]), member: unquote(granted[2]), admin });
    } else if (!isNothing.test(line)) leftOut += 1;
  }
  return {
    roles: [...roles.values()],
    memberships,
    leftOut,
    isComplete: /^-- PostgreSQL database cluster dump complete$/m.test(dump),
  };
}

function readAttributes([, , words = '', limit, password, validUntil]: RegExpExecArray) {
  const attributes = words.trim().split(' ').filter(Boolean);
  return {
    attributes: attributes.filter((one) => !powers.includes(one.replace(/^NO/, ''))),
    powers: attributes.filter((one) => powers.includes(one)),
    connectionLimit: limit === undefined ? undefined : Number(limit),
    password: literal(password),
    validUntil: literal(validUntil),
  };
}

function readSetting([, , database, setting, list = '']: RegExpExecArray): RoleSetting {
  const values = [...list.matchAll(new RegExp(text, 'g'))].map(([one]) => literal(one) ?? '');
  return {
    ...(database === undefined ? {} : { database: unquote(database) }),
    name: unquote(setting),
    values,
  };
}

function unquote(quoted = ''): string {
  return quoted.startsWith('"') ? quoted.slice(1, -1).replaceAll('""', '"') : quoted;
}

function literal(quoted: string | undefined): string | undefined {
  return quoted?.slice(1, -1).replaceAll("''", "'");
}
