import { describe, expect, it } from 'vitest';
import { handlers } from '../../src/registry/kinds.ts';
import { lintRunbook } from '../../src/runbook/lint-runbook.ts';
import { proofOf } from '../../src/runbook/proof.ts';
import { runbookFrom, sampleText } from './sample-runbook.ts';

const diagnosis = `thaw: 1
name: mail
title: Mail
objectives: { rto: 30m, rpo: 1h }
production: {}
`;
const look = `steps:
  - { kind: command, program: "true" }
`;
const asked = (text: string) => proofOf(runbookFrom(text), handlers);

describe('the least that has to be proven', () => {
  it.each([
    ['dump', 'where nothing is said', sampleText],
    ['manifest', 'where there is a producer section', `producer: {}\n${sampleText}`],
    [
      'dump',
      'of dumps without rows',
      `producer: {}\n${sampleText.replace('gz" }', 'gz", contents: schema }')}`,
    ],
    ['live', 'as the runbook says', `proof: live\nproducer: {}\n${sampleText}`],
    [undefined, 'where no dump is restored', diagnosis + look],
  ])('is %s %s', (proof, _when, text) => {
    expect(asked(text)).toBe(proof);
  });

  it('is refused where there is nothing of which it can be asked', () => {
    expect(lintRunbook(runbookFrom(`proof: dump\n${diagnosis}${look}`), handlers)).toContain(
      'proof: dump asks for something of a restored dump, and no step restores one.',
    );
    const schemas = sampleText.replace('gz" }', 'gz", contents: schema }');
    expect(lintRunbook(runbookFrom(`proof: manifest\n${schemas}`), handlers)).toContain(
      'proof: manifest cannot be had of dumps that hold the schema alone: a manifest counts rows.',
    );
  });
});
