import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { alertKinds, openAlerts } from '../../src/adapters/alerts/list.ts';
import { createWorld } from '../../src/registry/wire.ts';
import { routes, services } from '../../src/services/list.ts';
import { stores } from '../../src/stores/list.ts';

const lists = { store: stores, services, route: routes, 'alert channel': alertKinds };
const declared = Object.entries(lists).flatMap(([list, kinds]) =>
  kinds.map((one) => ({ list, kind: one.kind, one })),
);

/** Every description that is missing in a JSON Schema, by its path. */
function undescribed(schema: z.core.JSONSchema.JSONSchema, path: string): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (typeof field === 'boolean' || name === 'kind') return [];
    const inner = [field, ...(field.anyOf ?? [])].flatMap((one) =>
      typeof one === 'boolean' ? [] : undescribed(one, `${path}.${name}`),
    );
    return field.description === undefined ? [`${path}.${name}`, ...inner] : inner;
  });
}

describe.each(declared)('The $list $kind', ({ one }) => {
  it('says of itself, and of each field, what it is, and its example is one', () => {
    expect(one.about).toMatch(/\.$/);
    expect(undescribed(z.toJSONSchema(one.schema, { io: 'input' }), one.kind)).toEqual([]);
    expect(one.schema.safeParse(one.example)).toMatchObject({ success: true });
    expect(parse(one.exampleText)).toEqual(one.example);
    expect(Object.keys(one.schema.shape)).toEqual(expect.arrayContaining([...one.secrets]));
  });
});

describe('A list of kinds', () => {
  it.each(Object.entries(lists))('names each %s once', (_list, kinds) => {
    const names = kinds.map(({ kind }) => kind);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('Services whose values do not fit', () => {
  it('refuse whatever is asked of them, with the name of the field', async () => {
    const config = { kind: 'compose', file: '' };
    const failure = {
      ok: false,
      failure: { code: 'invalid-input', message: expect.stringContaining('file') },
    };
    expect(await createWorld({}).openServices(config).probe()).toMatchObject(failure);
    expect(await createWorld({}).openServices(config).status()).toMatchObject(failure);
  });
});

describe('An alert channel', () => {
  it('is left out where what it needs comes out empty, and says so where another value does not fit', async () => {
    expect(openAlerts([{ kind: 'slack', webhook: '' }])).toEqual([]);
    const [channel] = openAlerts([
      { kind: 'email', server: 'smtp://mail', from: '', to: ['ops@example.org'] },
    ]);
    const alert = {
      severity: 'critical',
      subject: '',
      lines: [],
      dedupKey: '',
      source: '',
      atMs: 0,
    } as const;
    expect(await channel?.send(alert)).toMatchObject({ ok: false, failure: { code: 'invalid-input' } });
  });
});
