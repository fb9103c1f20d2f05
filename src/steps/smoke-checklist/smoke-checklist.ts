import { succeed } from '../../base/failure.ts';
import { type Check, couldNotVerify, failed, passed, skipped } from '../../base/verdict.ts';
import { readFact } from '../../kinds/fact.ts';
import { attestedFact } from '../../kinds/facts.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { implementKind, stepId } from '../../kinds/kind.ts';
import { applicationReadFact } from '../../kinds/rights-facts.ts';
import type { ChecklistItem } from './kind.ts';
import { smokeChecklistKind } from './kind.ts';
import { checkHttp, checkObject, checkQuery, checkReferences } from './program-checks.ts';

/** What the program can look at it looks at; what only a person can see, a person attests, with a note. */
export const smokeChecklist = implementKind(smokeChecklistKind, {
  async preview(step) {
    return { sentences: step.items.map((item) => item.title), commands: step.items.flatMap(commandOf) };
  },

  async check() {
    return [];
  },

  async run(step, context) {
    for (const item of step.items) {
      if (item.kind !== 'attest' || context.mode === 'drill') continue;
      const fact = attestedFact(item.id);
      const before = readFact(fact, context);
      // What failed is asked again on a retry; what a person has seen to be good is not.
      if (before !== undefined && before.value !== 'failed') continue;
      const answer = await context.ask({
        kind: 'attest',
        id: `smoke-checklist.${item.id}`,
        stepId: stepId(step),
        title: item.title,
        body: [item.instructions],
      });
      if (!answer.ok) return answer;
      const { value, note, by } = answer.value;
      await context.record(fact, { value, note: note ?? '', by });
    }
    return succeed({ kind: 'done' });
  },

  async verify(step, context) {
    const checks: Check[] = [];
    for (const item of step.items) {
      const check = await checkItem(item, context);
      checks.push({ ...check, text: `${item.title}: ${check.text}` });
    }
    return succeed([...checks, ...otherRights(step.items, { checks, context })]);
  },
});

/** What the application's own login may read is known where it read after the swap; a page that it serves, or a person who looks, has used it. */
function otherRights(
  items: readonly ChecklistItem[],
  { checks, context }: { readonly checks: readonly Check[]; readonly context: StepContext },
): readonly Check[] {
  const asks = items.some(({ kind }) => kind !== 'http' && kind !== 'attest');
  const isSeen = items.some(
    ({ kind }, index) => (kind === 'http' || kind === 'attest') && checks[index]?.verdict === 'passed',
  );
  if (!asks || isSeen || readFact(applicationReadFact, context) !== undefined) return [];
  return [
    {
      verdict: 'not-checked',
      text: "whether the application's own login sees the same: the queries ran with the rights of the role that restores, or of one that may read everything",
      remedy:
        'A page of the application (kind http), or a person who looks at it (kind attest), shows that; so does `application.url` of restore-database.',
    },
  ];
}

function commandOf(item: ChecklistItem): readonly string[] {
  if (item.kind === 'http') return [`GET ${item.url}`];
  return item.kind === 'attest' ? [] : [item.query];
}

async function checkItem(
  item: ChecklistItem,
  context: StepContext<'host' | 'stores' | 'databases'>,
): Promise<Check> {
  switch (item.kind) {
    case 'query':
      return checkQuery(item, context);
    case 'object':
      return checkObject(item, context);
    case 'references':
      return checkReferences(item, context);
    case 'http':
      return context.mode === 'drill' ? skipped('a drill does not ask production') : checkHttp(item, context);
    case 'attest':
      return context.mode === 'drill'
        ? skipped('nothing of a drill is there to look at')
        : attested(item, context);
  }
}

function attested(item: Extract<ChecklistItem, { kind: 'attest' }>, context: StepContext): Check {
  const seen = readFact(attestedFact(item.id), context);
  const note = seen?.note ? ` (${seen.note})` : '';
  const by = seen?.by === 'rehearsal' ? 'the rehearsal itself' : 'a person';
  if (seen?.value === 'passed') return passed(`attested by ${by}${note}`);
  if (seen?.value === 'failed')
    return failed(`${by} saw that it does not work${note}`, 'Mend it, then retry.');
  return couldNotVerify(`left out${note}`, item.instructions);
}
