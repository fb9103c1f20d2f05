import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runbookSchema } from '../../src/registry/kinds.ts';
import { parseRunbook } from '../../src/runbook/parse-runbook.ts';
import { remarkRunbook } from '../../src/runbook/remark-runbook.ts';

function remarks(steps: string, rto = '1h') {
  const text = readFileSync('runbooks/corporate-intel-pgbackrest.yaml', 'utf8')
    .replace(/rto: .*/, `rto: ${rto}`)
    .replace(/^steps:[\s\S]*/m, `steps:\n${steps}`);
  const parsed = parseRunbook({ path: 'a.yaml', text, schema: runbookSchema });
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return remarkRunbook(parsed.value.runbook);
}

const confirm = (id: string, more: string) => `  - { kind: confirm, id: ${id}, text: yes?, ${more} }\n`;

describe('budgets', () => {
  it('that add up to more than the RTO are told, with by how much', () => {
    expect(remarks(confirm('a', 'budget: 40m') + confirm('b', 'budget: 30m'))).toEqual([
      expect.stringMatching(/^2 steps have budgets of 1:10:00 together: 10:00 more than the RTO of 1:00:00/),
    ]);
  });

  it('of steps beside each other count once, with the longest', () => {
    const steps = confirm('a', 'budget: 40m') + confirm('b', 'budget: 30m, alongside: true');
    expect(remarks(steps)).toEqual(['2 steps have budgets of 40:00 together: within the RTO of 1:00:00.']);
  });

  it('that nobody set are not spoken of', () => {
    expect(remarks(confirm('a', 'role: DevOps Lead'))).toEqual([]);
  });
});
