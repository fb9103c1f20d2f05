import { type Outcome, succeed } from '../../base/failure.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { queryRestored } from '../../operations/cell.ts';
import { unanswered } from '../../operations/open-targets.ts';
import { type FoundLayout, findLayout } from './find-layout.ts';
import { keyEncodingOf, openEncrypted, readKey } from './open-encrypted.ts';
import { type OpensMessages, openPgcrypto } from './open-pgcrypto.ts';
import type { OpenedValue } from './opened-value.ts';
import { readSecrets, type Secrets } from './read-secrets.ts';
import type { DecryptProbe, VerifySecretsStep } from './verify-secrets-kind.ts';

/** Enough to know that a key opens the values, few enough to be read in a moment. */
const mostRows = 20;

type KeyTrial = {
  readonly context: StepContext<'host' | 'databases' | 'secretFiles' | 'keys'>;
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
  const salt = probe.saltSecret ? secrets.values.get(probe.saltSecret) : undefined;
  const tried = await openAll(values, { probe, keyText, salt, world: context.world });
  if (!tried.ok) return unanswered(tried.failure);
  const results = tried.value;
  const opened = results.filter((result) => result.kind === 'opened').length;
  const all = `${probe.title}: ${probe.secret} decrypts`;
  if (opened === values.length) return passed(`${all} ${opened} of ${values.length} rows`);
  // Some do open: then the layout is right, and the others were written with another key.
  if (opened > 0)
    return failed(
      `${all} only ${opened} of ${values.length} rows. ${probe.lossIfWrong}`,
      `Find the ${probe.secret} that was in use when the backup was taken, put it into the env file, and retry.`,
    );
  const found = await findAnyLayout(values, { probe, keyText, salt, world: context.world });
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

type Opening = {
  readonly probe: DecryptProbe;
  readonly keyText: string;
  readonly salt: string | undefined;
  readonly world: OpensMessages;
};

async function openAll(
  values: readonly string[],
  { probe, keyText, salt, world }: Opening,
): Promise<Outcome<readonly OpenedValue[]>> {
  const { layout } = probe;
  if (layout !== 'pgcrypto') {
    const key = readKey(keyText, keyEncodingOf(probe));
    return succeed(values.map((value) => openEncrypted(value, key, { ...probe, layout, salt })));
  }
  const results: OpenedValue[] = [];
  for (const value of values) {
    const result = await openPgcrypto(value, keyText, world);
    if (!result.ok) return result;
    results.push(result.value);
  }
  return succeed(results);
}

async function findAnyLayout(values: readonly string[], opening: Opening): Promise<FoundLayout | undefined> {
  const found = findLayout(values, opening);
  if (found !== undefined) return found;
  const messages = await openAll(values, { ...opening, probe: { ...opening.probe, layout: 'pgcrypto' } });
  const areOpen = messages.ok && messages.value.every(({ kind }) => kind === 'opened');
  return areOpen ? { layout: 'pgcrypto', keyEncoding: 'utf8', isProof: true } : undefined;
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
