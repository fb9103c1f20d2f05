import { fingerprintSecret } from '../../backups/fingerprint.ts';
import type { Manifest } from '../../backups/manifest.ts';
import { type Failure, succeed } from '../../base/failure.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { readFact } from '../../kinds/fact.ts';
import { manifestFact, type SecretFingerprints, secretFingerprintsFact } from '../../kinds/facts.ts';
import type { CheckContext, StepOf } from '../../kinds/kind.ts';
import { implementKind, stepId } from '../../kinds/kind.ts';
import { findSnapshots, pickSnapshot, readManifest } from '../../operations/find-snapshots.ts';
import { blocker, targetDatabase, unanswered } from '../../operations/open-targets.ts';
import { readSecrets, type Secrets } from './read-secrets.ts';
import { tryKey, tryKeys } from './try-keys.ts';
import { verifySecretsKind } from './verify-secrets-kind.ts';

type SecretsStep = StepOf<typeof verifySecretsKind>;

/** `.env` is there, complete, and its keys are the ones the data was written with: shown by really decrypting rows. */
export const verifySecrets = implementKind(verifySecretsKind, {
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
    const secrets = await readSecrets(step, context, 'to-be');
    if (!secrets.ok) return [notRead(secrets.failure)];
    const fingerprints = await takeFingerprints(step, secrets.value, await candidateManifest(context));
    await context.record(secretFingerprintsFact(stepId(step)), fingerprints);
    return [...there(step, secrets.value), ...judgeFingerprints(step, fingerprints)];
  },

  async run() {
    return succeed({ kind: 'done' });
  },

  foresee: tryKeys,

  async verify(step, context) {
    const secrets = await readSecrets(step, context, 'in-place');
    if (!secrets.ok) return secrets;
    const fingerprints = await takeFingerprints(step, secrets.value, readFact(manifestFact, context));
    await context.record(secretFingerprintsFact(stepId(step)), fingerprints);
    const probes: Check[] = [];
    const trial = { context, secrets: secrets.value, database: targetDatabase(context) };
    for (const probe of step.probes) probes.push(await tryKey(probe, trial));
    return succeed([...there(step, secrets.value), ...judgeFingerprints(step, fingerprints), ...probes]);
  },
});

/** What the walk itself is going to bring is in nobody's way. */
function notRead(failure: Failure): Check {
  return failure.code === 'not-verified' ? unanswered(failure) : blocker(failure);
}

function there(step: SecretsStep, { path, note }: Secrets): readonly Check[] {
  return [passed(`${path} has ${step.required.join(', ')}`), ...(note === undefined ? [] : [passed(note)])];
}

/** The preflight looks at the snapshot that would be taken; what is wrong with it is told by the step that chooses. */
async function candidateManifest(context: CheckContext<'host' | 'stores'>): Promise<Manifest | undefined> {
  const found = await findSnapshots(context);
  if (!found.ok) return undefined;
  const picked = pickSnapshot(found.value, context.wantedSnapshot ?? 'latest');
  if (!picked.ok) return undefined;
  const manifest = await readManifest(context, picked.value);
  return manifest.ok ? manifest.value : undefined;
}

async function takeFingerprints(
  step: SecretsStep,
  ...[secrets, manifest]: [Secrets, Manifest | undefined]
): Promise<SecretFingerprints> {
  const wanted = new Map<string, string | undefined>(step.probes.map((probe) => [probe.secret, undefined]));
  for (const [name, value] of Object.entries(step.fingerprints)) wanted.set(name, value || undefined);
  for (const [name, value] of Object.entries(manifest?.fingerprints ?? {})) wanted.set(name, value);
  return Promise.all(
    [...wanted].map(async ([name, expected]) => {
      const value = secrets.values.get(name);
      return {
        name,
        ...(value === undefined ? {} : { found: await fingerprintSecret({ name, value }) }),
        ...(expected === undefined ? {} : { expected }),
      };
    }),
  );
}

function judgeFingerprints(step: SecretsStep, fingerprints: SecretFingerprints): readonly Check[] {
  return fingerprints.map(({ name, found, expected }) => {
    if (found === undefined)
      return failed(`${name} is not in the env file`, 'Pull the file from the secrets vault again.');
    if (expected === undefined) {
      const unknown = couldNotVerify(
        `${name} has the fingerprint ${found}; nothing says what it should be`,
        'Write it under fingerprints of this step, or let `thaw backup` note it (producer.fingerprints); decrypted rows prove it too.',
      );
      // Rows that it opens prove it: then only what a producer would have noted is missing.
      return step.probes.some(({ secret }) => secret === name)
        ? { ...unknown, against: 'manifest' }
        : unknown;
    }
    if (found === expected) return passed(`${name} has the expected fingerprint ${found}`);
    const loss = step.probes.find((probe) => probe.secret === name)?.lossIfWrong ?? step.lossIfWrong[name];
    return failed(
      `${name} has the fingerprint ${found} instead of ${expected}${loss === undefined ? '' : `: ${loss}`}`,
      `Find the ${name} that was in use when the backup was taken; look at older versions in the vault.`,
    );
  });
}
