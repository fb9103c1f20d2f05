import type { z } from 'zod';
import { fail } from '../../base/failure.ts';
import { type DeclaredFields, declareFields } from '../../platform/declare-fields.ts';
import type { AlertChannel, AlertChannelConfig } from '../../ports/alert-channel.ts';

/** One way to tell people, in one file; `adapters/alerts/list.ts` lists them. */
export type AlertKind = DeclaredFields & {
  /** undefined where it is left out: not every host that monitors has a pager. */
  open(config: AlertChannelConfig): AlertChannel | undefined;
};

export function defineAlertChannel<Shape extends z.ZodRawShape>(
  declared: Parameters<typeof declareFields<Shape>>[0] & {
    /** Where this one comes out empty after the placeholders are filled, the channel is left out. */
    readonly leftOutWithout: keyof Shape & string;
    open(fields: z.output<z.ZodObject<{ kind: z.ZodLiteral<string> } & Shape, z.core.$strict>>): AlertChannel;
  },
): AlertKind {
  const { read, ...fields } = declareFields(declared);
  return {
    ...fields,
    open(config) {
      if (config[declared.leftOutWithout] === '') return undefined;
      const filled = read(config);
      if (filled.ok) return declared.open(filled.value);
      const { failure } = filled;
      return { name: `channel of kind ${declared.kind}`, wants: () => true, send: async () => fail(failure) };
    },
  };
}
