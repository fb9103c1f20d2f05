import { z } from 'zod';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { parseJson } from '../../base/parse-json.ts';

/** What kubectl prints as JSON, read without trust: what is not of the expected shape comes out empty. */
const text = z.string().catch('');
const texts = z.record(z.string(), text).catch({});
/** That it is there says it all. */
const mark = z.unknown().optional();

function objectOf<Shape extends z.ZodRawShape>(shape: Shape) {
  const schema = z.object(shape);
  return schema.catch(() => schema.parse({}));
}

export function listOf<Item extends z.ZodType>(item: Item) {
  return objectOf({ items: z.array(item).catch([]) });
}

const meta = { name: text, labels: texts, annotations: texts };
const reason = objectOf({ reason: text });

export const podAnswer = objectOf({
  metadata: objectOf({
    ...meta,
    uid: text,
    /** What made it: ReplicaSet, StatefulSet, Job. */
    ownerReferences: z.array(objectOf({ kind: text, name: text })).catch([]),
    deletionTimestamp: mark,
  }),
  spec: objectOf({ containers: z.array(objectOf({ name: text })).catch([]) }),
  status: objectOf({
    phase: text,
    containerStatuses: z
      .array(
        objectOf({
          name: text,
          restartCount: z.number().catch(0),
          state: objectOf({ running: mark, waiting: reason, terminated: reason }),
        }),
      )
      .catch([]),
  }),
});

export const workloadAnswer = objectOf({
  kind: text,
  metadata: objectOf(meta),
  spec: objectOf({
    replicas: z.number().catch(1),
    suspend: z.boolean().catch(false),
    selector: objectOf({ matchLabels: texts }),
  }),
  status: objectOf({ readyReplicas: z.number().catch(0) }),
});

export type PodAnswer = z.infer<typeof podAnswer>;
export type WorkloadAnswer = z.infer<typeof workloadAnswer>;

export function readAnswer<T>(schema: z.ZodType<T>, json: string): Outcome<T> {
  const value = parseJson(json);
  if (value !== undefined) return succeed(schema.parse(value));
  return fail({
    code: 'command-failed',
    message: 'kubectl printed no JSON where JSON was asked for.',
    remedy: 'Try the same command by hand: kubectl get deployments -o json.',
    retry: 'after-fix',
  });
}
