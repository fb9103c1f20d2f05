import { z } from 'zod';

/**
 * The fields of a schema as tables, for docs/reference.md: name, type, default, description. Read from the JSON Schema that editors
 * use, so that both say the same.
 */
const shape = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  get properties() {
    return z.record(z.string(), shape).optional();
  },
  get items() {
    return shape.optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), shape]).optional();
  },
  get anyOf() {
    return z.array(shape).optional();
  },
  get oneOf() {
    return z.array(shape).optional();
  },
});

export type FieldShape = z.infer<typeof shape>;

export function fieldsOf(schema: z.ZodType): FieldShape {
  return shape.parse(z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12', reused: 'inline' }));
}

/** Choices that stand in many places and are told in one: by what they look like, the word for them. */
export type KnownChoices = ReadonlyMap<string, string>;

export function choiceKey(schema: FieldShape): string {
  return JSON.stringify(schema.oneOf ?? schema.anyOf ?? schema);
}

/** One row a field; what is inside a field follows with its path: `from.layout`, `items[].query` of a query. */
export function renderFields(
  schema: FieldShape,
  how: { readonly leaveOut?: ReadonlySet<string>; readonly known?: KnownChoices } = {},
): readonly string[] {
  const { leaveOut = new Set<string>(), known = new Map<string, string>() } = how;
  const rows = rowsOf(schema, { prefix: '', known }).filter(
    ({ path }) => !leaveOut.has(path.split(/[.[ ]/)[0] ?? ''),
  );
  if (rows.length === 0) return [];
  return [
    '| field | type | default | what it is |',
    '| --- | --- | --- | --- |',
    ...rows.map(
      ({ path, field, required }) =>
        `| ${[`\`${path}\``, typeOf(field, known), defaultOf(field, required), field.description ?? ''].map(cell).join(' | ')} |`,
    ),
  ];
}

type Row = { readonly path: string; readonly field: FieldShape; readonly required: boolean };

type Within = { readonly prefix: string; readonly known: KnownChoices };

function rowsOf(schema: FieldShape, { prefix, known }: Within): readonly Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const own = { path, field, required: schema.required?.includes(name) ?? false };
    return field.const === undefined ? [own, ...inside(field, { prefix: path, known })] : [];
  });
}

function inside(field: FieldShape, { prefix: path, known }: Within): readonly Row[] {
  if (known.has(choiceKey(field))) return [];
  if (field.properties !== undefined) return rowsOf(field, { prefix: `${path}.`, known });
  if (field.items !== undefined) return inside(field.items, { prefix: `${path}[]`, known });
  const { additionalProperties: more } = field;
  if (more !== undefined && typeof more !== 'boolean') return inside(more, { prefix: `${path}.NAME`, known });
  return variantsOf(field).flatMap((variant) => {
    const kind = variant.properties?.kind?.const ?? variant.properties?.engine?.const;
    const where = kind === undefined ? path : `${path} (${kind})`;
    return rowsOf(variant, { prefix: `${where}.`, known });
  });
}

function variantsOf(field: FieldShape): readonly FieldShape[] {
  return [...(field.oneOf ?? []), ...(field.anyOf ?? [])];
}

function typeOf(field: FieldShape, known: KnownChoices): string {
  const word = known.get(choiceKey(field));
  if (word !== undefined) return word;
  if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(', ');
  if (field.const !== undefined) return `\`${field.const}\``;
  if (field.items !== undefined) return `list of ${typeOf(field.items, known)}`;
  const variants = variantsOf(field);
  if (variants.length > 0) {
    const kinds = variants.map((one) => one.properties?.kind?.const ?? one.properties?.engine?.const);
    if (kinds.every((kind) => kind !== undefined))
      return `one of the kinds ${kinds.map((kind) => `\`${kind}\``).join(', ')}`;
    return [...new Set(variants.map((one) => typeOf(one, known)))].join(' or ');
  }
  const { additionalProperties: more } = field;
  if (more !== undefined && typeof more !== 'boolean') return `names, each with ${typeOf(more, known)}`;
  if (field.type === 'object') return 'section';
  if (field.type === 'integer' || field.type === 'number') return numberOf(field);
  return field.type === 'boolean' ? 'yes or no' : 'text';
}

function numberOf({ type, minimum, maximum }: FieldShape): string {
  const word = type === 'integer' ? 'whole number' : 'number';
  const isBound = (limit: number | undefined): limit is number =>
    limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER;
  if (isBound(minimum) && isBound(maximum)) return `${word}, ${minimum} to ${maximum}`;
  return isBound(minimum) ? `${word}, at least ${minimum}` : word;
}

function defaultOf(field: FieldShape, required: boolean): string {
  if (field.default === undefined) return required ? 'must be given' : 'left out';
  return field.default === '' ? 'empty' : `\`${JSON.stringify(field.default).replace(/^"(.*)"$/, '$1')}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
