import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderAttacks } from '../../scripts/render-attacks.ts';
import { renderCommands } from '../../scripts/render-commands.ts';
import { renderReference } from '../../scripts/render-reference.ts';
import { renderTroubleshooting } from '../../scripts/render-troubleshooting.ts';
import { recordJsonSchema } from '../../src/record/record-schema.ts';
import { runbookSchema } from '../../src/registry/kinds.ts';
import { runbookJsonSchema } from '../../src/runbook/parse-runbook.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('What is generated from the code', () => {
  it('has a fresh docs/reference.md (otherwise: npm run reference)', () => {
    expect(read('docs/reference.md')).toBe(renderReference());
  });

  it('has a fresh docs/commands.md (otherwise: npm run reference)', () => {
    expect(read('docs/commands.md')).toBe(renderCommands());
  });

  it('has a fresh docs/troubleshooting.md (otherwise: npm run reference)', () => {
    expect(read('docs/troubleshooting.md')).toBe(renderTroubleshooting());
  });

  it('has a fresh docs/attacks.md (otherwise: npm run reference)', () => {
    expect(read('docs/attacks.md')).toBe(renderAttacks());
  });

  it('has a fresh schema/runbook.schema.json (otherwise: npm run schema)', () => {
    expect(JSON.parse(read('schema/runbook.schema.json'))).toEqual(runbookJsonSchema(runbookSchema));
  });

  it('has a fresh schema/record.schema.json (otherwise: npm run schema)', () => {
    expect(JSON.parse(read('schema/record.schema.json'))).toEqual(recordJsonSchema());
  });

  it('records no registry address in the lock file', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved"/);
  });
});
