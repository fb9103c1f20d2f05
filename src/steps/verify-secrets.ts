import { parseEnv } from 'node:util';
import { fingerprintSecret } from '../backups/fingerprint.ts';
import type { Manifest } from '../backups/manifest.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { type Check, couldNotVerify, failed, passed } from '../base/verdict.ts';
import type { CheckContext, StepContext, StepHandler } from '../engine/step-handler.ts';
import type { DecryptProbe, StepOf } from '../runbook/step-schema.ts';
import { manifestFact, readFact } from './facts.ts';
import { findSnapshots, pickSnapshot, readManifest } from './find-snapshots.ts';
import { keyEncodingOf, openEncrypted, readKey } from './open-encrypted.ts';
import { actingDatabase, actingServer, blocker, unanswered } from './open-targets.ts';

/** Enough to know that a key opens the values, few enough to be read in a moment. */
const mostRows = 20;

type SecretsStep = StepOf<'verify-secrets'>;

/** `.env` is there, complete, and its keys are the ones the data was written with: shown by really decrypting rows. */
export const verifySecrets: StepHandler<'verify-secrets'> = {
  kind: 'verify-secrets',
  title: 'Verify secrets',
  afterCrash: 'run-again',

  async preview(step, context) {
    return {
      sentences: [
        `Reads ${context.targets.production.envFile ?? '.env'}, looks for ${step.required.join(', ')}, and compares fingerprints.`,
        ...step.probes.map((probe) => `Decrypts rows with ${probe.secret}: ${probe.title}.`),
      ],
      commands: step.probes.map((probe) => probe.query),
    };
  },

  async check(step, context) {
    const secrets = await readSecrets(step, context);
    if (!secrets.ok) return [blocker(secrets.failure)];
    const manifest = await candidateManifest(context);
    const fingerprints = await checkFingerprints(step, secrets.value, manifest);
    return [
      passed(`${context.targets.production.envFile ?? ''} has ${step.required.join(', ')}`),
      ...fingerprints,
    ];
  },

  async run() {
    return succeed({ kind: 'done' });
  },

  async verify(step, context) {
    const secrets = await readSecrets(step, context);
    if (!secrets.ok) return secrets;
    const manifest = readFact(manifestFact, context);
    const probes: Check[] = [];
    for (const probe of step.probes) probes.push(await runProbe(probe, secrets.value, context));
    return succeed([
      passed(`${context.targets.production.envFile ?? ''} has ${step.required.join(', ')}`),
      ...(await checkFingerprints(step, secrets.value, manifest)),
      ...probes,
    ]);
  },
};

type Secrets = ReadonlyMap<string, string>;

async function readSecrets(
  step: SecretsStep,
  context: Pick<StepContext, 'world' | 'targets'>,
): Promise<Outcome<Secrets>> {
  const path = context.targets.production.envFile ?? '.env';
  const text = await context.world.host.readTextFile(path);
  if (!text.ok) {
    if (text.failure.code !== 'not-found') return text;
    return fail({
      code: 'not-found',
      message: `There is no ${path}.`,
      remedy: 'Pull the file from the secrets vault to that place; it is in no backup.',
      retry: 'after-fix',
    });
  }
  const secrets = new Map(Object.entries(parseEnv(text.value)).map(([name, value]) => [name, value ?? '']));
  const wanted = [...new Set([...step.required, ...step.probes.map((probe) => probe.secret)])];
  const missing = wanted.filter((name) => !secrets.get(name));
  if (missing.length === 0) return succeed(secrets);
  return fail({
    code: 'not-found',
    message: `${path} has no ${missing.join(', ')}.`,
    remedy: 'Pull the file from the secrets vault again and compare it with the names above.',
    retry: 'after-fix',
  });
}

/** The preflight looks at the snapshot that would be taken; what is wrong with it is told by the step that chooses. */
async function candidateManifest(context: CheckContext): Promise<Manifest | undefined> {
  const found = await findSnapshots(context);
  if (!found.ok) return undefined;
  const picked = pickSnapshot(found.value, context.wantedSnapshot ?? 'latest');
  if (!picked.ok) return undefined;
  const manifest = await readManifest(context, picked.value);
  return manifest.ok ? manifest.value : undefined;
}

async function checkFingerprints(
  step: SecretsStep,
  ...[secrets, manifest]: [Secrets, Manifest | undefined]
): Promise<readonly Check[]> {
  const expected = new Map<string, string | undefined>(step.probes.map((probe) => [probe.secret, undefined]));
  for (const [name, value] of Object.entries(step.fingerprints)) expected.set(name, value || undefined);
  for (const [name, value] of Object.entries(manifest?.fingerprints ?? {})) expected.set(name, value);
  return Promise.all(
    [...expected].map(([name, wanted]) => checkFingerprint(step, { name, wanted, value: secrets.get(name) })),
  );
}

async function checkFingerprint(
  step: SecretsStep,
  secret: { readonly name: string; readonly wanted: string | undefined; readonly value: string | undefined },
): Promise<Check> {
  const { name, wanted, value } = secret;
  if (value === undefined)
    return failed(`${name} is not in the env file`, 'Pull the file from the secrets vault again.');
  const found = await fingerprintSecret({ name, value });
  if (wanted === undefined) {
    return couldNotVerify(
      `${name} has the fingerprint ${found}; nothing says what it should be`,
      'Compare it with the one in your records; decrypted rows prove it too.',
    );
  }
  if (found === wanted) return passed(`${name} has the expected fingerprint ${found}`);
  const loss = step.probes.find((probe) => probe.secret === name)?.lossIfWrong ?? step.lossIfWrong[name];
  return failed(
    `${name} has the fingerprint ${found} instead of ${wanted}${loss === undefined ? '' : `: ${loss}`}`,
    `Find the ${name} that was in use when the backup was taken; look at older versions in the vault.`,
  );
}

async function runProbe(probe: DecryptProbe, ...[secrets, context]: [Secrets, StepContext]): Promise<Check> {
  const rows = await actingServer(context).query({
    database: actingDatabase(context),
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
  const key = readKey(secrets.get(probe.secret) ?? '', keyEncodingOf(probe));
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
