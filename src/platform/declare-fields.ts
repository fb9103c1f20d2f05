import { z } from 'zod';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { ProgramName } from '../base/programs.ts';
import type { Secret } from '../base/secret.ts';

/** What a runbook may say about one kind of place, and what a reader of it has to know. Everything else is derived from it. */
export type DeclaredFields = {
  /** The value of `kind:` in the runbook. */
  readonly kind: string;
  /** One sentence, for the reference. */
  readonly about: string;
  readonly schema: z.ZodObject<{ kind: z.ZodLiteral<string> }>;
  readonly example: Readonly<Record<string, unknown>>;
  /** The example as it stands in a runbook, in YAML. */
  readonly exampleText: string;
  /** Fields that carry a credential: masked everywhere, and marked in the reference. */
  readonly secrets: readonly string[];
  /** What it starts on this host. */
  readonly programs: readonly ProgramName[];
};

/** A place as rooms below the lists carry it: the kind, and fields that only this kind reads. */
export type Place = { readonly kind: string; readonly [field: string]: unknown };

/** Every text may hold ${NAME} placeholders. */
export const text = z.string().min(1);

/** May come out empty after the placeholders are filled: then it counts as left out. */
export const optionalText = z.string().optional();

/** The declaration that a place belongs to; the runbook's schema has refused every other kind. */
export function kindOf<T extends { readonly kind: string }>(
  kinds: readonly T[],
  { kind }: { readonly kind: string },
): T {
  const found = kinds.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`Broken promise: nobody declares the kind ${kind}`);
  return found;
}

/** A list of kinds, as the runbook's schema wants it. */
export type Kinds<T> = readonly [T, ...T[]];

/** As a runbook names a value that the environment gives, for examples. */
export const placeholder = (name: string) => `\${${name}}`;

/** What editors show; those that show Markdown show the example, too. */
export function describeWithExample(about: string, example: string) {
  return { description: about, markdownDescription: `${about}\n\n\`\`\`yaml\n${example}\n\`\`\`` };
}

export function declareFields<Shape extends z.ZodRawShape>(declared: {
  readonly kind: string;
  readonly about: string;
  readonly fields: Shape;
  readonly secrets?: readonly (keyof Shape & string)[];
  readonly programs?: readonly ProgramName[];
  /** What does not fit together, in words; undefined where all does. Fields may still hold placeholders. */
  readonly judge?: (fields: z.output<z.ZodObject<Shape>>) => string | undefined;
  /** Without the kind. */
  readonly example: z.input<z.ZodObject<Shape>>;
}) {
  const { kind, about, fields, secrets = [], programs = [] } = declared;
  const example = { kind, ...declared.example };
  const exampleText = Object.entries(example)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n');
  const schema = z
    .strictObject({ kind: z.literal(kind), ...fields })
    .superRefine((given, context) => {
      const fault = declared.judge?.(given as z.output<z.ZodObject<Shape>>);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    })
    .meta(describeWithExample(about, exampleText));
  return {
    kind,
    about,
    schema,
    example,
    exampleText,
    secrets,
    programs,
    /** Credentials out of their boxes. Fails where a value that filled a placeholder does not fit: one that is empty, say. */
    read(place: Place): Outcome<z.output<typeof schema>> {
      const read = schema.safeParse(openBoxes(place));
      if (read.success) return succeed(read.data);
      const faults = read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
      return fail({
        code: 'invalid-input',
        message: `The values given for a place of kind ${kind} do not fit: ${faults.join('; ')}.`,
        remedy:
          'Correct the values that fill it, or the runbook; `thaw check` says where each value comes from.',
        retry: 'after-fix',
      });
    },
  };
}

/** Credentials travel in closed boxes until their kind reads them. */
function openBoxes(place: Place): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(place).map(([name, value]) => [name, isSecret(value) ? value.reveal() : value]),
  );
}

function isSecret(value: unknown): value is Secret {
  return (
    value !== null &&
    typeof value === 'object' &&
    'kind' in value &&
    value.kind === 'secret' &&
    'reveal' in value &&
    typeof value.reveal === 'function'
  );
}
