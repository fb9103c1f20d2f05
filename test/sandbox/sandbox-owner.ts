import { buildSandbox } from '../../src/sandbox/build-sandbox.ts';
import { startServices } from './sandbox-parts.ts';

/** A rehearsal of its own process: builds a sandbox in argv[2], says so, and lives on until it is killed. */
const built = await buildSandbox({ folder: process.argv[2] ?? '', onLine: () => undefined, startServices });
process.stdout.write(built.ok ? 'built\n' : `${built.failure.message}\n`);
setInterval(() => undefined, 1000);
