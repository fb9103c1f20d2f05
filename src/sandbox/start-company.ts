import { mkdir } from 'node:fs/promises';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { sayInstall } from '../platform/plan-install.ts';
import { findFreePort, writeControlFile, writeEnvFile } from './company-files.ts';
import { withConnection } from './crm/database.ts';
import { makeGpgKey } from './gpg-key.ts';
import { startPostgresCluster } from './postgres-cluster.ts';
import { findPostgresFolder } from './postgres-install.ts';
import type { SandboxLayout } from './sandbox-layout.ts';
import type { SandboxSecrets } from './sandbox-secrets.ts';

/** What the company runs on, before it has any data. */
export type Company = {
  readonly databaseUrl: string;
  readonly drillDatabaseUrl: string;
  /** Where pg_dump lies. */
  readonly binFolder: string;
  readonly healthUrl: string;
  /** Passwords of the clusters' superusers. */
  readonly superuserPasswords: readonly string[];
};

export const backupRecipient = 'backups@harbour.invalid';

/** Nothing in here outlives a power cut, so nothing waits for the disk. */
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  shared_buffers: '32MB',
};

const noServer = (): Failure => ({
  code: 'tool-missing',
  message: 'The rehearsal cannot start PostgreSQL: no server is installed on this host.',
  remedy: sayInstall({ program: 'postgres' }),
  retry: 'after-fix',
  lacks: { program: 'postgres' },
});

/** Starts both clusters and makes the key at once, since each of the three mostly waits. */
export async function startCompany(
  layout: SandboxLayout,
  secrets: SandboxSecrets,
): Promise<Outcome<Company>> {
  const installed = await findPostgresFolder().catch(() => undefined);
  if (installed === undefined) return fail(noServer());
  for (const folder of [layout.objectsDirectory, layout.drillObjectsDirectory, layout.backupDirectory]) {
    await mkdir(folder, { recursive: true });
  }
  const parts = [
    startPostgresCluster({ folder: layout.productionCluster, settings }),
    startPostgresCluster({ folder: layout.drillCluster, settings }),
    makeGpgKey({
      gnupgHome: layout.gnupgHome,
      recipient: backupRecipient,
      passphrase: secrets.keyPassphrase,
      secretKeyFile: layout.secretKeyFile,
    }),
  ] as const;
  // Whatever fails, nothing may still be starting while the sandbox is being taken down.
  await Promise.allSettled(parts);
  const [production, drill, key] = await Promise.all(parts);
  if (!key.ok) return key;
  const databaseUrl = await makeCompanyDatabase({
    superuserUrl: production.url,
    role: 'crm',
    password: secrets.databasePassword,
    database: 'harbour_crm',
  });
  const drillDatabaseUrl = await makeCompanyDatabase({
    superuserUrl: drill.url,
    role: 'drill',
    password: secrets.drillPassword,
    database: 'drill',
  });
  const webPort = await findFreePort();
  await writeControlFile({ layout, secrets, databaseUrl, webPort });
  await writeEnvFile({ layout, secrets, databaseUrl });
  return succeed({
    databaseUrl,
    drillDatabaseUrl,
    binFolder: production.binFolder,
    healthUrl: `http://127.0.0.1:${webPort}/health`,
    superuserPasswords: [production.url, drill.url]
      .map((url) => decodeURIComponent(new URL(url).password))
      .filter((password) => password !== ''),
  });
}

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
