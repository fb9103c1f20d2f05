import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { queryRestored } from '../../operations/cell.ts';
import { unanswered } from '../../operations/open-targets.ts';
import { type FoundLayout, findLayout } from './find-layout.ts';
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
  const keyText = secrets.values.get(probe.secret) ?? '';
  const key = readKey(keyText, keyEncodingOf(probe));
  const salt = probe.saltSecret ? secrets.values.get(probe.saltSecret) : undefined;
  const results = values.map((value) => openEncrypted(value, key, { ...probe, salt }));
  const opened = results.filter((result) => result.kind === 'opened').length;
  const all = `${probe.title}: ${probe.secret} decrypts`;
  if (opened === values.length) return passed(`${all} ${opened} of ${values.length} rows`);
  // Some do open: then the layout is right, and the others were written with another key.
  if (opened > 0)
    return failed(
      `${all} only ${opened} of ${values.length} rows. ${probe.lossIfWrong}`,
      `Find the ${probe.secret} that was in use when the backup was taken, put it into the env file, and retry.`,
    );
  const found = findLayout(values, { keyText, salt });
  if (found !== undefined) return laidOutOtherwise(probe, { found, rows: values.length });
  const malformed = results.find((result) => result.kind === 'malformed');
  if (malformed?.kind === 'malformed' && results.every(({ kind }) => kind === 'malformed')) {
    return couldNotVerify(
      `${probe.title}: ${malformed.why}, nor in any other way that thaw knows, with this key`,
      'Correct the layout of the probe in the runbook, or the key.',
    );
  }
  return failed(
    `${all} only 0 of ${values.length} rows: it is another key, or the values are laid out otherwise than ${probe.layout} and all that thaw knows. If it is the key: ${probe.lossIfWrong}`,
    `Look how the application encrypts (layout, encoding, keyEncoding of the probe), and find the ${probe.secret} that was in use when the backup was taken; then retry.`,
  );
}

/** The key is the right one, and the runbook describes it wrongly. */
function laidOutOtherwise(
  { title, secret, layout }: DecryptProbe,
  { found, rows }: { readonly found: FoundLayout; readonly rows: number },
): Check {
  const text = `${title}: ${secret} decrypts ${rows} of ${rows} rows as ${found.layout}, its key read as ${found.keyEncoding}; the runbook says ${layout}`;
  if (found.isProof) return passed(text);
  return couldNotVerify(
    `${text}, and nothing in such a value proves it`,
    `Look whether the application stores ${found.layout}, and write that into the probe.`,
  );
}
