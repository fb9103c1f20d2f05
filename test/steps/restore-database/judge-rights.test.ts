import { describe, expect, it } from 'vitest';
import { authorFact } from '../../../src/kinds/facts.ts';
import type { StepContext } from '../../../src/kinds/kind.ts';
import { dumpRightsFact, rightsFact } from '../../../src/kinds/rights-facts.ts';
import { judgeRights } from '../../../src/steps/restore-database/judge-rights.ts';

const report = {
  trial: false,
  owners: { done: 3, of: 3 },
  grants: { done: 1, of: 2 },
  rolesMade: [],
  left: [{ what: 'grant SELECT on TABLE t to gone', why: 'there is no role gone' }],
  code: { definers: ['f()'], triggers: 0, rules: 0, expressions: 2 },
  owner: { name: 'boss', isSuperuser: true },
};
const rights = { objects: [], statements: [] };

function judge(facts: Readonly<Record<string, unknown>>): readonly string[] {
  const context = { fact: (name: string) => facts[name] } as unknown as StepContext;
  return judgeRights(context).map(({ verdict, text }) => `${verdict}: ${text}`);
}

describe('what is said of rights after a restore', () => {
  it('is how much is as the dump has it, what is not, and which code nobody vouches for', () => {
    expect(judge({ [dumpRightsFact.name]: rights, [rightsFact.name]: report })).toEqual([
      'passed: 3 owners and 1 of 2 grants and default privileges are as the dump has them',
      'could-not-verify: what the application may do is not all as the dump has it: grant SELECT on TABLE t to gone (there is no role gone)',
      'skipped: who wrote the code in this dump was not checked: 1 SECURITY DEFINER functions (f()), 2 expressions in indexes and statistics. Do not query the restored database as a superuser. boss, who owns it, is a superuser: give it to a role that is none, since the server runs some of it by itself',
    ]);
  });

  it('is nothing of code where the author is proven', () => {
    const author = { kind: 'proven', fingerprint: 'SHA256:x', link: { id: 'a', sequence: 1, sha256: 'b' } };
    const said = judge({
      [dumpRightsFact.name]: rights,
      [rightsFact.name]: { ...report, left: [], trial: true, rolesMade: ['app'] },
      [authorFact.name]: author,
    });
    expect(said).toEqual([
      'passed: 3 owners and 1 of 2 grants and default privileges can be as the dump has them (tried, and taken back); for that, roles that this server lacks were made: app',
    ]);
  });

  it('is that they were left out where nothing put them back, or the dump cannot be read that far', () => {
    const objects = ['a', 'b'].map((owner) => ({ kind: 'table', schema: 's', name: owner, owner }));
    expect(judge({ [dumpRightsFact.name]: { objects, statements: [] } }).join()).toMatch(
      /could-not-verify: .* was not restored: the dump has the owners a; b, which were left out/,
    );
    expect(judge({ [dumpRightsFact.name]: null, [rightsFact.name]: report }).join()).toMatch(
      /could-not-verify: .* the table of contents of this dump cannot be read that far/,
    );
  });
});
