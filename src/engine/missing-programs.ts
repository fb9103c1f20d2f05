import type { Failure } from '../base/failure.ts';
import { type InstallPlan, type Lack, mergeLacks, programs, sayLack } from '../base/programs.ts';
import type { Check } from '../base/verdict.ts';
import type { HostPrograms } from '../ports/host-programs.ts';

/** All programs of this host that something needs and that are missing or too old, with what brings them. */
export type MissingPrograms = { readonly lacks: readonly Lack[]; readonly plan: InstallPlan };

type Asked = {
  /** What is started whatever happens. */
  readonly needed: readonly Lack[];
  /** What the parts themselves ran into: only they know versions. */
  readonly found: readonly Lack[];
  readonly host: Pick<HostPrograms, 'missing' | 'plan'>;
};

/** @returns undefined where nothing is missing. */
export async function findMissingPrograms({
  needed,
  found,
  host,
}: Asked): Promise<MissingPrograms | undefined> {
  const lacks = mergeLacks([...(await host.missing(needed)), ...found]);
  return lacks.length === 0 ? undefined : { lacks, plan: host.plan(lacks) };
}

/** What each one is for, one line each. */
export function sayMissing({ lacks }: MissingPrograms): readonly string[] {
  return lacks.map((lack) => `${sayLack(lack)}: ${programs[lack.program].about}`);
}

/** The same as one line among the checks of a preflight. */
export function missingAsCheck(missing: MissingPrograms, verdict: Check['verdict']): Check {
  const { distribution } = missing.plan;
  const text = `missing on this host (${distribution}): ${sayMissing(missing).join('; ')}`;
  return { verdict, text, remedy: sayCommands(missing) };
}

/** The same for a command that has no preflight. */
export function missingAsFailure(missing: MissingPrograms): Failure {
  const { text: message, remedy = '' } = missingAsCheck(missing, 'failed');
  return { code: 'tool-missing', message: `Programs are ${message}.`, remedy, retry: 'after-fix' };
}

function sayCommands({ plan: { commands, byHand } }: MissingPrograms): string {
  const run =
    commands.length === 0
      ? []
      : [`Run: ${commands.join(' && ')} (\`thaw check\` does it with --install, after a yes)`];
  return [...run, ...byHand.map((one) => `Install ${one}`)].join('. ');
}
