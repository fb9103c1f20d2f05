import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isMap, parseDocument } from 'yaml';
import { z } from 'zod';
import type { KnownFact } from '../../src/kinds/fact.ts';
import { handlers, knownFacts, runbookSchema } from '../../src/registry/kinds.ts';
import { runbookJsonSchema } from '../../src/runbook/parse-runbook.ts';

const root = new URL('../../src/', import.meta.url).pathname;

/** Every fact that src exports, by the name of its constant. */
async function exportedFacts(): Promise<ReadonlyMap<string, KnownFact>> {
  const files = ['kinds', 'steps'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /facts\.ts$|kinds?\.ts$/.test(name))
      .map((name) => join(root, folder, name)),
  );
  const modules = await Promise.all(files.map(async (file): Promise<object> => import(file)));
  const entries = modules.flatMap((module) => Object.entries(module));
  return new Map(entries.filter(([name]) => name.endsWith('Fact')));
}

describe('The list of kinds', () => {
  it('knows every fact there is, so that none of an older version is taken for one of today', async () => {
    const facts = await exportedFacts();
    expect(facts.size).toBeGreaterThan(25);
    expect([...facts].filter(([, fact]) => !knownFacts.includes(fact)).map(([name]) => name)).toEqual([]);
  });

  it('names each fact once in the journal', () => {
    const names = knownFacts.map((one) => ('prefix' in one ? one.prefix : one.name));
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(Object.values(handlers))(
    'gives $kind an example that its schema takes',
    ({ kind, example, schema }) => {
      const document = parseDocument(example);
      const [step] = document.toJS();
      expect(document.errors).toEqual([]);
      expect(step.kind).toBe(kind);
      expect(schema.safeParse(step)).toMatchObject({ success: true });
      expect(isMap(document.contents)).toBe(false);
    },
  );

  it('says of every field of a runbook what it is', () => {
    const silent: string[] = [];
    const visit = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [name, value] of Object.entries(schema)) {
        if (name === 'properties')
          for (const [field, shape] of Object.entries(z.record(z.string(), z.looseObject({})).parse(value)))
            if (shape.description === undefined && shape.const === undefined) silent.push(`${path}.${field}`);
        visit(value, name === 'properties' ? path : `${path}.${name}`);
      }
    };
    visit(runbookJsonSchema(runbookSchema), 'runbook');
    expect(silent).toEqual([]);
  });
});
