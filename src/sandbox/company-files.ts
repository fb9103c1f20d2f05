import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { assert } from '../base/assert.ts';
import { ownProgram } from '../platform/own-files.ts';
import type { SandboxLayout } from './sandbox-layout.ts';
import type { SandboxSecrets } from './sandbox-secrets.ts';

/** One entry of the control file, as the supervisor reads it. */
type SupervisedService = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logFile: string;
  readonly pidFile: string;
  readonly healthUrl?: string;
};

/** The application's program: in tests the source itself, whose types Node strips. */
export const crmProgram = ownProgram('sandbox/crm/main');

export const crmServices = ['web', 'worker', 'scheduler'] as const;

/** Writes the supervisor's control file; both it and `.env` hold secrets and are readable by us alone. */
export async function writeControlFile(request: {
  readonly layout: SandboxLayout;
  readonly secrets: SandboxSecrets;
  readonly databaseUrl: string;
  readonly webPort: number;
}): Promise<void> {
  const { layout } = request;
  await mkdir(layout.servicesFolder, { recursive: true });
  const services = crmServices.map(
    (name): SupervisedService => ({
      name,
      command: crmProgram.command,
      args: [...crmProgram.args, name],
      env: {
        ...crmProgram.env,
        DATABASE_URL: request.databaseUrl,
        ENCRYPTION_KEY: request.secrets.encryptionKey,
        OBJECTS_DIRECTORY: layout.objectsDirectory,
        ...(name === 'web' ? { PORT: String(request.webPort) } : {}),
      },
      cwd: layout.folder,
      logFile: join(layout.servicesFolder, `${name}.log`),
      pidFile: join(layout.servicesFolder, `${name}.pid`),
      ...(name === 'web' ? { healthUrl: `http://127.0.0.1:${request.webPort}/health` } : {}),
    }),
  );
  await writeFile(layout.controlFile, `${JSON.stringify({ services }, null, 2)}\n`, { mode: 0o600 });
}

/** What the password manager would hand out: the file no backup contains. */
export async function writeEnvFile(request: {
  readonly layout: SandboxLayout;
  readonly secrets: SandboxSecrets;
  readonly databaseUrl: string;
}): Promise<void> {
  const { secrets } = request;
  const lines = [
    '# Harbour CRM, production. Kept in the password manager, never beside the backups.',
    `DATABASE_URL=${request.databaseUrl}`,
    'MINIO_BUCKET=crm-files',
    'MINIO_ACCESS_KEY=crm',
    `MINIO_SECRET_KEY=${secrets.storeSecret}`,
    `ENCRYPTION_KEY=${secrets.encryptionKey}`,
    `DOCUMENSO_WEBHOOK_SECRET=${secrets.webhookSecret}`,
    'SMTP_HOST=smtp.example.invalid',
    `SMTP_PASS="${secrets.smtpPassword}"`,
  ];
  await writeFile(request.layout.envFile, `${lines.join('\n')}\n`, { mode: 0o600 });
}

/** A port nobody listens on, chosen by the kernel. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', listening);
  });
  const address = server.address();
  assert(address !== null && typeof address === 'object', 'a listening TCP server has an address');
  await new Promise((closed) => server.close(closed));
  return address.port;
}
