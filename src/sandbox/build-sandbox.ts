import { chmod, mkdir, mkdtemp, readdir, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '../base/assert.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { makeKeyPair } from '../base/ssh-key.ts';
import { formatBytes, formatCount, formatSpan } from '../base/units.ts';
import { replaceFile } from '../platform/durable-files.ts';
import { identifyProcess } from '../platform/process-identity.ts';
import { addLaterWork, seedCrm } from './crm/seed-crm.ts';
import { destroySandbox, isAbandoned } from './destroy-sandbox.ts';
import { type OldBackup, takeOldBackup, writeEmptyBackup } from './old-backup.ts';
import { layOut, type SandboxLayout, sandboxPrefix } from './sandbox-layout.ts';
import { renderSecrets, type SandboxSecrets } from './sandbox-secrets.ts';
import { backupRecipient, type Company, startCompany } from './start-company.ts';
import { waitForWriters } from './wait-for-writers.ts';

type SandboxRequest = {
  /** Made if absent; must be empty. A new one in the temporary folder when left out. */
  readonly folder?: string;
  readonly onLine: (line: string) => void;
  /** Starts every service of the control file in the background and returns. */
  readonly startServices: (controlFile: string) => Promise<Outcome<void>>;
};

/** What the newest backup really holds: a restore is measured against it. */
type SandboxTruth = {
  /** The dump's key under the backup directory. */
  readonly key: string;
  readonly takenAtMs: number;
  /** Exact, by schema.table. */
  readonly rows: Readonly<Record<string, number>>;
};

/** A small company: its production, its backups, and everything its operator holds. */
export type Sandbox = {
  readonly folder: string;
  /** What the operator would have: credentials, addresses and paths, by the names the runbook uses. */
  readonly environment: Readonly<Record<string, string>>;
  readonly envFile: string;
  readonly controlFile: string;
  /** The application's own URL: owner of its database, no superuser. */
  readonly databaseUrl: string;
  /** A database on a second, throwaway cluster. */
  readonly drillDatabaseUrl: string;
  readonly objectsDirectory: string;
  readonly backupDirectory: string;
  /** Whom backups are encrypted to, in a keyring of its own. */
  readonly backupKey: { readonly recipient: string; readonly gnupgHome: string };
  /** With what backups are signed, where somebody signs them, and the fingerprint to pin. */
  readonly signing: { readonly keyFile: string; readonly fingerprint: string };
  readonly healthUrl: string;
  readonly truth: SandboxTruth;
  /** Every secret in here, for a search in whatever a run leaves behind. */
  readonly secrets: readonly string[];
  /** Ends every process and removes the folder. Safe to call twice. */
  destroy(): Promise<void>;
};

const hourMs = 3_600_000;
const backupHost = 'harbour-1';

/**
 * Builds the company, lets it work, and takes its backups the old way. Everything it starts ends with `destroy`, or
 * with the next `sweepSandboxes` should this process die before.
 */
export async function buildSandbox(request: SandboxRequest): Promise<Outcome<Sandbox>> {
  const claimed = await claimFolder(request.folder);
  if (!claimed.ok) return claimed;
  const layout = layOut(claimed.value);
  try {
    const built = await build(layout, request);
    if (!built.ok) await destroySandbox(layout.folder);
    return built;
  } catch (bug) {
    await destroySandbox(layout.folder);
    throw bug;
  }
}

/** Makes the folder and marks it as ours: only a marked folder is ever removed. */
async function claimFolder(wanted: string | undefined): Promise<Outcome<string>> {
  if (wanted !== undefined) {
    if (await isAbandoned(wanted)) await destroySandbox(wanted);
    await mkdir(wanted, { recursive: true });
    if ((await readdir(wanted)).length > 0) {
      return fail({
        code: 'conflict',
        message: `The folder ${wanted} for the rehearsal's sandbox is not empty.`,
        remedy: 'Name a folder that is empty or does not exist.',
        retry: 'after-fix',
      });
    }
  }
  const folder = await realpath(wanted ?? (await mkdtemp(join(tmpdir(), sandboxPrefix))));
  const owner = await identifyProcess(process.pid);
  assert(owner !== undefined, 'this process finds itself under /proc');
  // Whole from the first moment: a sweep that read half a mark would take the sandbox for an abandoned one.
  const { marker } = layOut(folder);
  await replaceFile({ path: marker, content: `${JSON.stringify(owner)}\n`, mode: 0o600, alone: true });
  // PostgreSQL runs as a user of its own and has to pass through; it need not list what lies here.
  await chmod(folder, 0o711);
  return succeed(folder);
}

async function build(layout: SandboxLayout, request: SandboxRequest): Promise<Outcome<Sandbox>> {
  const { onLine } = request;
  const secrets = renderSecrets();
  const now = new Date();
  onLine(`Building a small company in ${layout.folder}.`);
  const started = await startCompany(layout, secrets);
  if (!started.ok) return started;
  const company = started.value;
  onLine(
    `PostgreSQL runs for production (${hostOf(company.databaseUrl)}) and for drills, a backup key is made.`,
  );

  const older = await openForBusiness({ layout, secrets, company, now });
  if (!older.ok) return older;
  onLine(`The CRM has ${formatCount(sumRows(older.value))} rows; a backup of an hour ago lies in the store.`);

  const services = await request.startServices(layout.controlFile);
  if (!services.ok) return services;
  const writing = await waitForWriters({ databaseUrl: company.databaseUrl, since: now });
  if (!writing.ok) return writing;
  onLine('web, worker and scheduler run and write.');

  const takenAt = new Date();
  const newest = await takeOldBackup(backupAt({ layout, company, at: takenAt }));
  if (!newest.ok) return newest;
  const { key, sizeBytes, rows } = newest.value;
  onLine(`Newest backup: ${key}, ${formatBytes(sizeBytes)}, ${formatCount(sumRows(newest.value))} rows.`);
  // What is written from here on is what a restore of this backup loses.
  const later = await waitForWriters({ databaseUrl: company.databaseUrl, since: new Date() });
  if (!later.ok) return later;
  onLine(`Production goes on; the sandbox took ${formatSpan(Date.now() - now.getTime())} to build.`);
  const truth = { key, takenAtMs: takenAt.getTime(), rows };
  const { privateText, fingerprint } = makeKeyPair(`backups of ${backupHost}`);
  await writeFile(layout.signingKeyFile, privateText, { mode: 0o600 });
  const signing = { keyFile: layout.signingKeyFile, fingerprint };
  return succeed(describeSandbox({ layout, secrets, company, truth, signing }));
}

/** Fills the database as it was an hour ago, takes that hour's backup, then lets the last hour happen. */
async function openForBusiness(parts: {
  readonly layout: SandboxLayout;
  readonly secrets: SandboxSecrets;
  readonly company: Company;
  readonly now: Date;
}): Promise<Outcome<OldBackup>> {
  const { layout, secrets, company, now } = parts;
  const { databaseUrl } = company;
  const before = (durationMs: number) => new Date(now.getTime() - durationMs);
  await seedCrm({
    databaseUrl,
    encryptionKey: secrets.encryptionKey,
    objectsDirectory: layout.objectsDirectory,
    size: 'small',
    endsAt: before(hourMs * 1.1),
    encryptedSettings: { 'ocr.api_key': secrets.ocrApiKey, 'smtp.password': secrets.smtpPassword },
  });
  await writeEmptyBackup(backupAt({ layout, company, at: before(2 * hourMs) }));
  const older = await takeOldBackup(backupAt({ layout, company, at: before(hourMs) }));
  if (older.ok) await addLaterWork({ databaseUrl, from: before(hourMs), until: now });
  return older;
}

function backupAt(parts: { readonly layout: SandboxLayout; readonly company: Company; readonly at: Date }) {
  const { layout, company, at } = parts;
  return {
    databaseUrl: company.databaseUrl,
    binFolder: company.binFolder,
    encryptTo: { gnupgHome: layout.gnupgHome, recipient: backupRecipient },
    objectsDirectory: layout.objectsDirectory,
    backupDirectory: layout.backupDirectory,
    host: backupHost,
    at,
  };
}

function describeSandbox(parts: {
  readonly layout: SandboxLayout;
  readonly secrets: SandboxSecrets;
  readonly company: Company;
  readonly truth: SandboxTruth;
  readonly signing: Sandbox['signing'];
}): Sandbox {
  const { layout, secrets, company, truth, signing } = parts;
  const { databaseUrl, drillDatabaseUrl, healthUrl } = company;
  const { folder, envFile, controlFile, objectsDirectory, backupDirectory } = layout;
  let destroyed: Promise<void> | undefined;
  return {
    folder,
    environment: {
      DATABASE_URL: databaseUrl,
      DRILL_DATABASE_URL: drillDatabaseUrl,
      BACKUP_DIRECTORY: backupDirectory,
      BACKUP_HOST: backupHost,
      BACKUP_GPG_PRIVATE_KEY_FILE: layout.secretKeyFile,
      BACKUP_GPG_PASSPHRASE: secrets.keyPassphrase,
      OBJECTS_DIRECTORY: objectsDirectory,
      DRILL_OBJECTS_DIRECTORY: layout.drillObjectsDirectory,
      ENCRYPTION_KEY: secrets.encryptionKey,
      ENV_FILE: envFile,
      SERVICES_CONTROL_FILE: controlFile,
      CRM_HEALTH_URL: healthUrl,
      CRM_URL: new URL('/', healthUrl).href.replace(/\/$/, ''),
    },
    envFile,
    controlFile,
    databaseUrl,
    drillDatabaseUrl,
    objectsDirectory,
    backupDirectory,
    backupKey: { recipient: backupRecipient, gnupgHome: layout.gnupgHome },
    signing,
    healthUrl,
    truth,
    secrets: [...Object.values(secrets), ...company.superuserPasswords],
    destroy() {
      destroyed ??= destroySandbox(folder);
      return destroyed;
    },
  };
}

function hostOf(databaseUrl: string): string {
  return new URL(databaseUrl).host;
}

function sumRows(backup: OldBackup): number {
  return Object.values(backup.rows).reduce((sum, rows) => sum + rows, 0);
}
