import { readEnvNames } from '../../backups/read-otherwise.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { CheckContext, StepOf } from '../../kinds/kind.ts';
import { restoredPlaceOf } from '../../operations/restored-place.ts';
import { type ValuesToBe, valuesToBe } from './sealed-secrets.ts';
import type { verifySecretsKind } from './verify-secrets-kind.ts';

export type Secrets = {
  /** The file they were read from. */
  readonly path: string;
  readonly values: ReadonlyMap<string, string>;
  /** What another reader than Compose would make of the names that are asked for; undefined where all agree. */
  readonly note: string | undefined;
};

type SecretsReach = Pick<
  CheckContext<'host' | 'secretFiles'>,
  'mode' | 'world' | 'targets' | 'steps' | 'signal' | 'mask' | 'giving' | 'fact'
>;

/**
 * What the env file says, with every name that the step asks for.
 * A file that a step of the walk brings back with its folder is read where that step has put it: production's own file says nothing
 * about the backup.
 *
 * @returns not-verified where it is not brought yet, beside the failures of reading.
 * @param when `to-be`: as the walk will have put it there. A drill puts nothing there, so for a drill it is always that.
 */
export async function readSecrets(
  step: StepOf<typeof verifySecretsKind>,
  ...[context, when]: [SecretsReach, 'in-place' | 'to-be']
): Promise<Outcome<Secrets>> {
  const path = context.targets.production.envFile ?? '.env';
  const opened = when === 'to-be' || context.mode === 'drill' ? await valuesToBe(path, context) : undefined;
  if (opened !== undefined && !opened.ok) return opened;
  const found = opened === undefined ? await readBrought(path, context) : opened;
  if (!found.ok) return found;
  const { from, text } = found.value;
  const wanted = [...new Set([...step.required, ...step.probes.map((probe) => probe.secret)])];
  const read = text === undefined ? succeed(found.value) : readEnvNames(text, { path: from, names: wanted });
  if (!read.ok) return read;
  const { values } = read.value;
  const note = 'note' in read.value ? read.value.note : undefined;
  const missing = wanted.filter((name) => !values.get(name));
  if (missing.length === 0) return succeed({ path: from, values, note });
  return fail({
    code: 'not-found',
    message: `${from} has no ${missing.join(', ')}.`,
    remedy: 'Pull the file from the secrets vault again and compare it with the names above.',
    retry: 'after-fix',
  });
}

async function readBrought(path: string, context: SecretsReach): Promise<Outcome<ValuesToBe>> {
  const place = restoredPlaceOf(path, context);
  if (place === undefined) return readFromHost(path, context);
  if (place.path !== undefined) return readFromHost(place.path, context);
  return fail({
    code: 'not-verified',
    message: `${path} comes with the files of ${place.stepId}: it is read once they are there.`,
    remedy: `Nothing is to be done; to have it looked at beforehand, put ${place.stepId} before this step.`,
    retry: 'after-fix',
  });
}

async function readFromHost(
  path: string,
  context: Pick<CheckContext<'host'>, 'world'>,
): Promise<Outcome<ValuesToBe>> {
  const text = await context.world.host.readTextFile(path);
  if (!text.ok) {
    if (text.failure.code !== 'not-found') return text;
    return fail({
      code: 'not-found',
      message: `There is no ${path}.`,
      remedy:
        'Pull the file from the secrets vault to that place. Where a backup has it, let a step bring it: restore-files into its folder, or open-secrets.',
      retry: 'after-fix',
    });
  }
  return succeed({ from: path, values: new Map(), text: text.value });
}
