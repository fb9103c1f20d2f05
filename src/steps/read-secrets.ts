import { parseEnv } from 'node:util';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { StepContext } from '../engine/step-handler.ts';
import type { StepOf } from '../runbook/step-schema.ts';

export type Secrets = ReadonlyMap<string, string>;

/** What the env file says, with every name that the step asks for. */
export async function readSecrets(
  step: StepOf<'verify-secrets'>,
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
