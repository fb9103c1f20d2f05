import { setTimeout as sleep } from 'node:timers/promises';
import { openPool } from './database.ts';
import { runScheduler } from './scheduler.ts';
import { runWeb } from './web.ts';
import { runWorker } from './worker.ts';

/**
 * The rehearsal's application: `node main.js web|worker|scheduler`. It stands for a real CRM, so it does what makes a
 * restore hard: it writes all the time and comes back by itself whenever the database does.
 */
const roles = ['web', 'worker', 'scheduler'] as const;
type Role = (typeof roles)[number];

/** Longer than a query takes, shorter than any supervisor waits before it kills. */
const farewellMs = 700;

const role = roles.find((name) => name === process.argv[2]);
const { DATABASE_URL, PORT, ENCRYPTION_KEY, OBJECTS_DIRECTORY } = process.env;
if (role === undefined || !DATABASE_URL || !ENCRYPTION_KEY || (role === 'web' && !PORT)) {
  process.stderr.write(
    'usage: main.js web|worker|scheduler, with DATABASE_URL, ENCRYPTION_KEY and (web) PORT set\n',
  );
  process.exit(64);
}
await run(role, { databaseUrl: DATABASE_URL, encryptionKey: ENCRYPTION_KEY });

async function run(
  name: Role,
  needs: { readonly databaseUrl: string; readonly encryptionKey: string },
): Promise<void> {
  const applicationName = `crm-${name}`;
  const log = (text: string) => {
    process.stdout.write(`${new Date().toISOString()} ${applicationName}: ${text}\n`);
  };
  const stopping = new AbortController();
  for (const signalName of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signalName, () => {
      log(`${signalName}, ending`);
      stopping.abort();
      // The work ends by itself; a database that hangs must not keep us.
      setTimeout(() => process.exit(0), farewellMs).unref();
    });
  }
  const pool = openPool({ databaseUrl: needs.databaseUrl, applicationName, log });
  const shared = { pool, log, signal: stopping.signal };
  log('started');
  if (name === 'web') {
    await runWeb({ ...shared, port: Number(PORT), objectsDirectory: OBJECTS_DIRECTORY });
  } else if (name === 'worker') {
    await runWorker({ ...shared, encryptionKey: needs.encryptionKey, objectsDirectory: OBJECTS_DIRECTORY });
  } else {
    await runScheduler(shared);
  }
  await Promise.race([pool.end(), sleep(farewellMs)]);
  log('ended');
  process.exit(0);
}
