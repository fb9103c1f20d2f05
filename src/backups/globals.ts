/**
 * Roles as `pg_dumpall --globals-only` writes them: one statement a line, each role created and then altered. Only these
 * statements are ever handed on; whatever else stands in the file is counted and left alone.
 */
export type Globals = {
  readonly roles: readonly GlobalRole[];
  readonly memberships: readonly Membership[];
  /** Tablespaces, and lines that are no single statement about a role. */
  readonly leftOut: number;
  /** pg_dumpall says so at its end. */
  readonly isComplete: boolean;
};

type GlobalRole = { readonly name: string; readonly statements: readonly string[] };
type Membership = { readonly role: string; readonly member: string; readonly statement: string };

const name = '("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)';
const create = new RegExp(`^CREATE ROLE ${name};$`);
const alter = new RegExp(`^ALTER ROLE ${name} (?:WITH|SET|IN DATABASE) [^;]+;$`);
const grant = new RegExp(`^GRANT ${name} TO ${name}[^;]*;$`);
const isNothing =
  /^(--.*|\s*|SET \w+ = [^;]+;|SELECT pg_catalog\.set_config\([^;]+;|\\(un)?restrict( \S+)?)$/;

export function readGlobals(text: string): Globals {
  const roles = new Map<string, string[]>();
  const memberships: Membership[] = [];
  let leftOut = 0;
  for (const line of text.split('\n').map((one) => one.trimEnd())) {
    const [created, altered, granted] = [create.exec(line), alter.exec(line), grant.exec(line)];
    if (created !== null) roles.set(unquote(created[1]), [line]);
    else if (altered !== null) roles.get(unquote(altered[1]))?.push(line);
    else if (granted !== null) {
      memberships.push({
        role: unquote(granted[1]),
        member: unquote(granted[2]),
        // Who granted it may not be there; the membership counts.
        statement: line.replace(/ GRANTED BY .*;$/, ';'),
      });
    } else if (!isNothing.test(line)) leftOut += 1;
  }
  return {
    roles: [...roles].map(([role, statements]) => ({ name: role, statements })),
    memberships,
    leftOut,
    isComplete: /^-- PostgreSQL database cluster dump complete$/m.test(text),
  };
}

function unquote(text = ''): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}
