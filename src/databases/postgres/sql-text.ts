import { fail, type Outcome, succeed } from '../../base/failure.ts';

/** The server cuts longer names off with no more than a notice; two databases could become one. */
const longestNameBytes = 63;

/** Every name that goes into a statement passes here once. */
export function checkName(name: string): Outcome<string> {
  const sizeBytes = Buffer.byteLength(name);
  if (name !== '' && sizeBytes <= longestNameBytes && !name.includes('\0')) return succeed(name);
  return fail({
    code: 'invalid-input',
    message:
      name === ''
        ? 'The name of a database is empty.'
        : `The database name ${JSON.stringify(name)} has ${sizeBytes} bytes; PostgreSQL takes at most ${longestNameBytes}.`,
    remedy: 'Choose another name in the runbook.',
    retry: 'after-fix',
  });
}
