import { withConnection } from './crm/database.ts';

type CompanyDatabase = {
  /** A superuser's URL on that cluster. */
  readonly superuserUrl: string;
  readonly role: string;
  readonly password: string;
  readonly database: string;
};

/**
 * The role an application and its restore have in earnest: owner of its database, may create databases and end
 * sessions, and is no superuser. Returns the URL the application uses.
 */
export async function makeCompanyDatabase(wanted: CompanyDatabase): Promise<string> {
  const { role, database } = wanted;
  await withConnection(wanted.superuserUrl, async (client) => {
    const password = client.escapeLiteral(wanted.password);
    await client.query(
      `create role ${client.escapeIdentifier(role)} login createdb createrole password ${password}`,
    );
    await client.query(`grant pg_signal_backend to ${client.escapeIdentifier(role)}`);
    const name = client.escapeIdentifier(database);
    await client.query(`create database ${name} owner ${client.escapeIdentifier(role)} template template0`);
    // Settings of a database live outside its dump; a restore that forgets them looks right and behaves otherwise.
    await client.query(`alter database ${name} set default_text_search_config to 'pg_catalog.simple'`);
    await client.query(`comment on database ${name} is 'Harbour CRM'`);
  });
  const url = new URL(wanted.superuserUrl);
  url.username = role;
  url.password = wanted.password;
  url.pathname = `/${database}`;
  return url.href;
}
