import type { Step } from '../kinds/step-schema.ts';
import type { Runbook } from './schema.ts';

type SecretsStep = Extract<Step, { kind: 'open-secrets' }>;

/** Secrets are opened by a key, into a file that somebody names, before anybody looks at that file. */
export function lintOpenSecrets(runbook: Runbook): readonly string[] {
  return runbook.steps.flatMap((step, index) =>
    step.kind === 'open-secrets' ? [...lintFields(step, runbook), ...lintReaders(step, index, runbook)] : [],
  );
}

function lintFields(step: SecretsStep, { backups, production }: Runbook): readonly string[] {
  const id = step.id ?? step.kind;
  const findings: string[] = [];
  if (!step.ageIdentityFile && !backups.key.ageIdentityFile)
    findings.push(`${id} needs an age key: ageIdentityFile, or backups.key.ageIdentityFile.`);
  if (!step.into && production.envFile === undefined)
    findings.push(`${id} needs a place for the opened file: into, or production.envFile.`);
  if (step.format === 'binary' && step.required.length > 0)
    findings.push(`${id} requires ${step.required.join(', ')}, but a binary file has no names.`);
  return findings;
}

/** What runs beside it may be there first, and read the file that is about to be replaced. */
function lintReaders(step: SecretsStep, ...[index, { steps, production }]: [number, Runbook]) {
  if (step.into && step.into !== production.envFile) return [];
  const first = steps.findIndex(({ kind }) => kind === 'verify-secrets');
  const beside = first > index && steps.slice(index + 1, first + 1).every(({ alongside }) => alongside);
  return first >= 0 && (first < index || beside)
    ? [`verify-secrets must come after ${step.id ?? step.kind}, which puts the file in place that it reads.`]
    : [];
}
