import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { notVerified, type StepContext } from '../../kinds/kind.ts';
import type { DecryptProbe } from '../../kinds/step-schema.ts';
import { queryRestored } from '../cell.ts';
import { unanswered } from '../open-targets.ts';
import { keyEncodingOf, openEncrypted, readKey } from './open-encrypted.ts';
import { readSecrets, type Secrets } from './read-secrets.ts';

/** Enough to know that a key opens the values, few enough to be read in a moment. */
const mostRows = 20;

export type KeyTrial = {
  readonly context: StepContext;
  readonly secrets: Secrets;
  readonly database: string;
};

/** A key that does not open what was restored is found while the old database is still in place. */
export async function judgeKeys(context: StepContext, database: string): Promise<Outcome<readonly Check[]>> {
  const checks = await tryKeys(context, database);
  const bad = checks.filter((check) => check.verdict === 'failed');
  if (bad.length === 0) return succeed(checks);
  const answer = await context.ask({
    kind: 'choose',
    id: 'restore-database.keys',
    stepId: 'restore-database',
    title: 'A key does not open the restored rows. Swap all the same?',
    body: bad.flatMap(({ text, remedy }) => [text, ...(remedy === undefined ? [] : [remedy])]),
    choices: [
      { value: 'stop', label: 'no, the right key has to be found first' },
      { value: 'accept', label: 'yes, these rows are given up', needsReason: true },
    ],
    preferred: 'stop',
  });
  // Where nobody is there to give rows up, the key that does not hold is the reason, and not the missing answer.
  if (!answer.ok) return answer.failure.code === 'answer-missing' ? fail(notVerified(bad)) : answer;
  return answer.value.value === 'accept' ? succeed(checks) : fail(notVerified(bad));
}

/**
 * What later steps will prove of the keys, tried on a database that is not in place yet: a wrong key is cheaper to find
 * before the swap than after it.
 */
async function tryKeys(context: StepContext, database: string): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const step of context.steps) {
    if (step.kind !== 'verify-secrets' || step.probes.length === 0) continue;
    const secrets = await readSecrets(step, context, 'to-be');
    if (!secrets.ok) {
      checks.push(unanswered(secrets.failure));
      continue;
    }
    const trial = { context, secrets: secrets.value, database };
    for (const probe of step.probes) checks.push(await tryKey(probe, trial));
  }
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
