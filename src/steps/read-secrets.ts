import { parseEnv } from 'node:util';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { StepContext } from '../engine/step-handler.ts';
import type { StepOf } from '../runbook/step-schema.ts';
import { valuesToBe } from './sealed-secrets.ts';

export type Secrets = {
  /** The file they were read from. */
  readonly path: string;
  readonly values: ReadonlyMap<string, string>;
};

export type SecretsReach = Pick<StepContext, 'mode' | 'world' | 'targets' | 'steps' | 'signal' | 'mask'>;

/**
 * What the env file says, with every name that the step asks for.
 * @param when `to-be`: as the walk will have put it there. A drill puts nothing there, so for a drill it is always that.
 */
export async function readSecrets(
  step: StepOf<'verify-secrets'>,
  ...[context, when]: [SecretsReach, 'in-place' | 'to-be']
): Promise<Outcome<Secrets>> {
  const path = context.targets.production.envFile ?? '.env';
  const opened = when === 'to-be' || context.mode === 'drill' ? await valuesToBe(path, context) : undefined;
  if (opened !== undefined && !opened.ok) return opened;
  const read = opened === undefined ? await readEnvFile(path, context) : opened;
  if (!read.ok) return read;
  const { from, values } = read.value;
  const wanted = [...new Set([...step.required, ...step.probes.map((probe) => probe.secret)])];
  const missing = wanted.filter((name) => !values.get(name));
  if (missing.length === 0) return succeed({ path: from, values });
  return fail({
    code: 'not-found',
    message: `${from} has no ${missing.join(', ')}.`,
    remedy: 'Pull the file from the secrets vault again and compare it with the names above.',
    retry: 'after-fix',
  });
}

async function readEnvFile(path: string, context: Pick<StepContext, 'world'>) {
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
  const values = new Map(Object.entries(parseEnv(text.value)).map(([name, value]) => [name, value ?? '']));
  return succeed({ from: path, values });
}
