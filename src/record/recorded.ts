import { z } from 'zod';

/**
 * A field of the record that a framework asks for. It is there, or the record says that it is not, and why; a field that is
 * merely absent could have been forgotten.
 */
export type Recorded<T> = { readonly value: T } | { readonly notRecorded: string };

export function recordedSchema<T extends z.ZodType>(value: T) {
  return z.union([z.strictObject({ value }), z.strictObject({ notRecorded: z.string().min(1) })]);
}

/** @param because a whole clause: who would have to say it, and how. */
export function recorded<T>(value: T | undefined, because: string): Recorded<T> {
  return value === undefined ? { notRecorded: because } : { value };
}

/** An empty list says nothing; it counts as not recorded. */
export function recordedList<T>(values: readonly T[] | undefined, because: string): Recorded<T[]> {
  return values === undefined || values.length === 0 ? { notRecorded: because } : { value: [...values] };
}

export function recordedValue<T>(field: Recorded<T>): T | undefined {
  return 'value' in field ? field.value : undefined;
}
