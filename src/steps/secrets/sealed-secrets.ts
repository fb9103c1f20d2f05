import { runMark } from '../../base/digest.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { secretsOf } from '../../base/secret-values.ts';
import type { CheckContext, StepContext, StepOf } from '../../kinds/kind.ts';
import { isStepOf } from '../../kinds/kind.ts';
import type { OpenedFile, SealedFile } from '../../ports/secret-files.ts';
import { openSecretsKind } from './open-secrets-kind.ts';

type SecretsStep = StepOf<typeof openSecretsKind>;
type Reach = Pick<CheckContext<'secretFiles'>, 'mode' | 'world' | 'targets' | 'signal' | 'mask'>;

/** The plain file of an open-secrets step: what the application reads. */
export function plainPath(step: SecretsStep, { targets }: Pick<StepContext, 'targets'>): string {
  return step.into || (targets.production.envFile ?? '.env');
}

/** Of this run and no other. */
export function keptPath(step: SecretsStep, context: Pick<StepContext, 'targets' | 'runId'>): string {
  const mark = runMark(context.runId);
  return `${plainPath(step, context)}.before-${mark}`;
}

/** undefined where the placeholder came out empty: whoever has the plain file at hand names no encrypted one. */
export function sealedFileOf(
  step: SecretsStep,
  { targets }: Pick<StepContext, 'targets'>,
): SealedFile | undefined {
  if (step.from === '') return undefined;
  const identityFile = step.ageIdentityFile || (targets.backups.key.ageIdentityFile ?? '');
  return { path: step.from, format: step.format, identityFile };
}

/** In memory alone. Nobody else opens one, so nothing that was opened can go unmasked. */
async function openSealed(sealed: SealedFile, context: Reach): Promise<Outcome<OpenedFile>> {
  const opened = await context.world.secretFiles.open({ sealed, signal: context.signal });
  if (!opened.ok) return opened;
  const { content, values } = opened.value;
  context.mask(sealed.format === 'binary' ? [content.toString()] : secretsOf(values));
  return opened;
}

/** With everything the runbook says must be in it. */
export async function openComplete(
  step: SecretsStep,
  ...[sealed, context]: [SealedFile, Reach]
): Promise<Outcome<OpenedFile>> {
  const opened = await openSealed(sealed, context);
  if (!opened.ok) return opened;
  const missing = step.required.filter((name) => !opened.value.values.get(name));
  if (missing.length === 0) return opened;
  return fail({
    code: 'not-found',
    message: `${sealed.path} opens, and has no ${missing.join(', ')}.`,
    remedy: `Look for ${missing.length === 1 ? 'it' : 'them'} in its other versions (git log -- ${sealed.path}), or name another file.`,
    retry: 'after-fix',
  });
}

export type ValuesToBe = {
  readonly from: string;
  readonly values: OpenedFile['values'];
  /** As it is written, where it is an env file. */
  readonly text?: string;
};

/** What will stand at this place once the walk has been there: undefined where no step of it puts anything there. */
export async function valuesToBe(
  path: string,
  context: Reach & Pick<StepContext<'secretFiles'>, 'steps'>,
): Promise<Outcome<ValuesToBe> | undefined> {
  for (const step of context.steps) {
    if (!isStepOf(openSecretsKind, step) || plainPath(step, context) !== path) continue;
    const sealed = sealedFileOf(step, context);
    if (sealed === undefined) continue;
    const opened = await openSealed(sealed, context);
    if (!opened.ok) return opened;
    const { content, values } = opened.value;
    const text = sealed.format === 'dotenv' ? { text: content.toString() } : {};
    return succeed({ from: sealed.path, values, ...text });
  }
  return undefined;
}
