import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { queryRestored } from '../../operations/cell.ts';
import { unanswered } from '../../operations/open-targets.ts';
import { keyEncodingOf, openEncrypted, readKey } from './open-encrypted.ts';
import { readSecrets, type Secrets } from './read-secrets.ts';
import type { DecryptProbe, VerifySecretsStep } from './verify-secrets-kind.ts';

/** Enough to know that a key opens the values, few enough to be read in a moment. */
const mostRows = 20;

type KeyTrial = {
  readonly context: StepContext<'host' | 'databases' | 'secretFiles'>;
  readonly secrets: Secrets;
  readonly database: string;
};

/** What a verify-secrets step will prove of its keys, on a database that is not in place yet. */
export async function tryKeys(
  step: VerifySecretsStep,
  { context, database }: Omit<KeyTrial, 'secrets'>,
): Promise<readonly Check[]> {
  if (step.probes.length === 0) return [];
  const secrets = await readSecrets(step, context, 'to-be');
  if (!secrets.ok) return [unanswered(secrets.failure)];
  const checks: Check[] = [];
  for (const probe of step.probes)
    checks.push(await tryKey(probe, { context, database, secrets: secrets.value }));
  return checks;
}

/** Really decrypts rows of the database with the key of the env file. */
export async function tryKey(probe: DecryptProbe, trial: KeyTrial): Promise<Check> {
  const { context, secrets, database } = trial;
  const rows = await queryRestored(context, {
    database,
    sql: `SELECT * FROM (${probe.query.replace(/;\s*$/, '')}) AS probe LIMIT ${mostRows}`,
  });
  if (!rows.ok) return unanswered(rows.failure);
  const values = rows.value
    .flatMap((row) => Object.values(row).slice(0, 1))
    .filter((value) => value !== null);
  if (values.length === 0) {
    return couldNotVerify(
      `${probe.title}: there is no encrypted row to try ${probe.secret} on`,
      'Nothing is encrypted, or the query is wrong.',
    );
  }
  const key = readKey(secrets.values.get(probe.secret) ?? '', keyEncodingOf(probe));
  const results = values.map((value) => openEncrypted(value, key, probe));
  const opened = results.filter((result) => result.kind === 'opened').length;
  if (opened === values.length)
    return passed(`${probe.title}: ${probe.secret} decrypts ${opened} of ${values.length} rows`);
  const refused = results.some((result) => result.kind === 'refused');
  const malformed = results.find((result) => result.kind === 'malformed');
  // One value that the key does not open says more than another that is no such value at all.
  if (malformed?.kind === 'malformed' && !refused) {
    return couldNotVerify(
      `${probe.title}: ${malformed.why}`,
      'Correct the layout of the probe in the runbook, or the key.',
    );
  }
  return failed(
    `${probe.title}: ${probe.secret} decrypts only ${opened} of ${values.length} rows. ${probe.lossIfWrong}`,
    `Find the ${probe.secret} that was in use when the backup was taken, put it into the env file, and retry.`,
  );
}
