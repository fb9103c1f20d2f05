import type { GlobalRole, Globals, RoleSetting } from '../../backups/globals.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import { sqlName, sqlText } from '../../base/quoting.ts';
import { createSecret } from '../../base/secret.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { targetServer } from '../../operations/open-targets.ts';

type Made = {
  readonly names: readonly string[];
  /** Statements that somebody has to run who knows that they are right. */
  readonly withheld: readonly string[];
};
export const nothingMade: Made = { names: [], withheld: [] };

/**
 * Makes what is not there, powers left out. What exists already is left as it is.
 */
export async function makeMissing(
  globals: Globals,
  context: StepContext<'databases'>,
): Promise<Outcome<Made>> {
  const known = await lookAtServer(context);
  if (!known.ok) return known;
  const server = targetServer(context);
  const missing = globals.roles.filter(({ name }) => !known.value.roles.has(name));
  const names = new Set(missing.map(({ name }) => name));
  const withheld: string[] = [];
  for (const role of missing) {
    const settings = role.settings.filter((setting) => maySet(setting, known.value));
    const left = role.settings.filter((setting) => !settings.includes(setting)).map(setStatement(role.name));
    if (role.powers.length > 0) left.unshift(`ALTER ROLE ${sqlName(role.name)} ${role.powers.join(' ')};`);
    withheld.push(...left);
    await context.recordCommand(`CREATE ROLE ${role.name}`);
    const statements = [createStatement(role), ...settings.map(setStatement(role.name))].map(createSecret);
    const made = await server.createRole({ name: role.name, statements });
    if (!made.ok) return made;
    context.output(`made role ${role.name}${left.length === 0 ? '' : `, without: ${left.join(' ')}`}`);
  }
  for (const { role, member, admin } of globals.memberships) {
    if (!names.has(member)) continue;
    const statement = `GRANT ${sqlName(role)} TO ${sqlName(member)}${admin ? ' WITH ADMIN OPTION' : ''};`;
    if (known.value.mighty.has(role) || role.startsWith('pg_')) {
      withheld.push(statement);
      continue;
    }
    const granted = await server.createRole({
      name: `${member} as a member of ${role}`,
      statements: [createSecret(statement)],
    });
    if (!granted.ok) return granted;
  }
  return succeed({ names: [...names], withheld });
}

/** Written anew from what was read, so nothing else in a line can be run; nobody signs this file, so no power comes out of it. */
function createStatement({ name, attributes, connectionLimit, password, validUntil }: GlobalRole): string {
  return [
    `CREATE ROLE ${sqlName(name)} WITH`,
    ...attributes,
    ...(connectionLimit === undefined ? [] : [`CONNECTION LIMIT ${connectionLimit}`]),
    ...(password === undefined ? [] : [`PASSWORD ${sqlText(password)}`]),
    ...(validUntil === undefined ? [] : [`VALID UNTIL ${sqlText(validUntil)}`]),
  ].join(' ');
}

function setStatement(role: string): (setting: RoleSetting) => string {
  return ({ database, name, values }) =>
    `ALTER ROLE ${sqlName(role)}${database === undefined ? '' : ` IN DATABASE ${sqlName(database)}`} SET ${sqlName(name)} TO ${values.map(sqlText).join(', ')};`;
}

/** What any session may set for itself. A library that is loaded at login is none of it, though its setting says so. */
function maySet({ name, database }: RoleSetting, { settings, databases }: ServerNow): boolean {
  if (database !== undefined && !databases.has(database)) return false;
  if (name.toLowerCase() === 'local_preload_libraries') return false;
  return settings.has(name.toLowerCase()) || name.includes('.');
}

type ServerNow = {
  readonly roles: ReadonlySet<string>;
  /** Roles with a power, by themselves or through another role. */
  readonly mighty: ReadonlySet<string>;
  readonly settings: ReadonlySet<string>;
  readonly databases: ReadonlySet<string>;
};

async function lookAtServer(context: StepContext<'databases'>): Promise<Outcome<ServerNow>> {
  const rows = await targetServer(context).query({
    database: 'postgres',
    sql: `SELECT 'role' AS what, rolname AS name FROM pg_roles
      UNION ALL SELECT 'mighty', r.rolname FROM pg_roles r WHERE EXISTS (SELECT FROM pg_roles b
        WHERE (b.rolsuper OR b.rolcreaterole OR b.rolcreatedb OR b.rolreplication OR b.rolbypassrls OR b.rolname ~ '^pg_')
          AND (b.oid = r.oid OR pg_has_role(r.oid, b.oid, 'MEMBER')))
      UNION ALL SELECT 'setting', lower(name) FROM pg_settings WHERE context = 'user'
      UNION ALL SELECT 'database', datname FROM pg_database`,
  });
  if (!rows.ok) return rows;
  const named = (wanted: string) =>
    new Set(rows.value.filter(({ what }) => what === wanted).map(({ name }) => name ?? ''));
  return succeed({
    roles: named('role'),
    mighty: named('mighty'),
    settings: named('setting'),
    databases: named('database'),
  });
}
