// A program of its own that tries to take a lock, says how it went, and holds it until its standard input ends.
import { takeLock } from '../../../src/adapters/disk/run-lock.ts';

const lock = await takeLock({ path: process.argv[2] ?? '' });
process.stdout.write(lock.ok ? 'taken\n' : `${lock.failure.code}: ${lock.failure.message}\n`);
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
