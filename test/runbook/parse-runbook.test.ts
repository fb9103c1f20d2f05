import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { handlers, runbookSchema } from '../../src/registry/kinds.ts';
import { lintRunbook } from '../../src/runbook/lint-runbook.ts';
import { parseRunbook, runbookJsonSchema } from '../../src/runbook/parse-runbook.ts';
import { sampleText } from './sample-runbook.ts';

function faultsOf(text: string): readonly string[] {
  const parsed = parseRunbook({ path: 'crm.yaml', text, schema: runbookSchema });
  if (parsed.ok) return [];
  expect(parsed.failure.code).toBe('runbook-invalid');
  return parsed.failure.message
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}

describe('reading a runbook', () => {
  it('fills what may be left out', () => {
    const parsed = parseRunbook({ path: 'crm.yaml', text: sampleText, schema: runbookSchema });
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        runbook: {
          bring: [],
          backups: { key: {} },
          steps: [
            { alongside: false },
            { settle: '15s' },
            {},
            {},
            { stall: '15m', createdColumn: 'created_at' },
            { workers: 32 },
            { probes: [] },
            { services: [] },
          ],
        },
      },
    });
  });

  it('has a fingerprint that any change of the file changes', () => {
    const fingerprint = (text: string) => {
      const parsed = parseRunbook({ path: 'crm.yaml', text, schema: runbookSchema });
      return parsed.ok ? parsed.value.fingerprint : '';
    };
    expect(fingerprint(sampleText)).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprint(`${sampleText} `)).not.toBe(fingerprint(sampleText));
  });
});

describe('faults of a runbook', () => {
  it.each([
    [
      'name: crm',
      'name: The CRM',
      'line 2, name: Use lower-case letters, digits and dashes, beginning with a letter.',
    ],
    ['rto: 30m', 'rto: soon', 'line 4, objectives.rto: Write a duration as 90s, 30m, 1h or 1h 30m.'],
    [
      '  - kind: fetch',
      '  - kind: fetsch',
      'line 23, steps.2.kind: there is no kind fetsch; did you mean fetch?',
    ],
    [
      '    services: [web]',
      '    servcies: [web]',
      'line 22, steps.1: there is no key servcies here; did you mean services?',
    ],
    [
      '    services: [web]',
      '    services: [web]\n    servcies: [web]',
      'line 23, steps.1: there is no key servcies here; did you mean services?',
    ],
    ['title: CRM', '', 'line 1, title: is missing'],
    ['kind: directory, path: /backups', 'kind: directory', 'line 8, backups.store.path: is missing'],
    [
      'kind: directory, path: /backups',
      'kind: s3, bucket: b, accessKey: a',
      'line 8, backups.store: accessKey and secretKey go together',
    ],
    [
      'kind: directory, path: /backups',
      'kind: s3, bucket: b, profile: p, credentials: anonymous',
      'line 8, backups.store: accessKey, profile and credentials: give one of them',
    ],
    ['thaw: 1', 'thaw: 2', 'line 1, thaw: Invalid input: expected 1'],
    ['  DATABASE_URL: {', '  database_url: {', 'line 6, inputs.database_url: Invalid key in record'],
  ])('%s → %s is told with its line', (from, to, fault) => {
    expect(sampleText).toContain(from);
    expect(faultsOf(sampleText.replace(from, to)).some((line) => line.startsWith(fault))).toBe(true);
  });

  it('are told once, where a name is misspelt', () => {
    const misspelt = sampleText.replace('    services: [web]', '    servcies: [web]');
    expect(faultsOf(misspelt)).toHaveLength(1);
  });

  it('come all at once', () => {
    expect(faultsOf(sampleText.replace('name: crm', 'name: "?"').replace('rpo: 1h', 'rpo: 1x'))).toHaveLength(
      2,
    );
  });

  it.each([
    ['broken YAML', 'a: [1', /at line 1, column \d+$/],
    ['two documents', 'thaw: 1\n---\nthaw: 1\n', /at line 2, column 1$/],
    ['a key that stands twice', 'thaw: 1\nthaw: 1\n', /unique at line 2, column 1$/],
    ['a tag nobody knows', 'thaw: !vault x\n', /Unresolved tag.*line 1/],
    ['an alias that leads nowhere', 'thaw: *x\n', /Unresolved alias.*x/],
    [
      'aliases without end',
      `a: &a [${'x, '.repeat(9)}x]\nb: &b [${'*a, '.repeat(9)}*a]\nc: [${'*b, '.repeat(20)}*b]\n`,
      /[Aa]lias/,
    ],
    ['nothing at all', '', /line 1, the file/],
    ['a list', '- thaw\n', /line 1, the file/],
  ])('%s is a fault and no exception', (_what, text, words) => {
    expect(faultsOf(text).some((line) => words.test(line))).toBe(true);
  });
});

describe('the runbooks that come with thaw', () => {
  const folder = fileURLToPath(new URL('../../runbooks/', import.meta.url));
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

  it.each(files)('%s is whole and holds together', (name) => {
    const parsed = parseRunbook({
      path: name,
      text: readFileSync(`${folder}${name}`, 'utf8'),
      schema: runbookSchema,
    });
    expect(parsed.ok ? lintRunbook(parsed.value.runbook, handlers) : parsed.failure.message).toEqual([]);
    expect(parsed.ok && parsed.value.runbook.name).toBe(name.replace('.yaml', ''));
  });

  it('are at least one', () => {
    expect(files.length).toBeGreaterThan(0);
  });
});

describe('the schema for editors', () => {
  it('knows every kind of step', () => {
    const text = JSON.stringify(runbookJsonSchema(runbookSchema));
    for (const kind of ['choose-snapshot', 'restore-database', 'confirm'])
      expect(text).toContain(`"const":"${kind}"`);
  });
});
