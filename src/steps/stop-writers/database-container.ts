/** A place of the runbook, with placeholders or filled. */
type PlaceLike = { readonly kind: string; readonly [field: string]: unknown };

/**
 * The service among those to be stopped in whose container the database is reached: with it the way to the database would go,
 * and mostly the database itself. Undefined where there is none.
 */
export function findStoppedDatabase(given: {
  readonly services: PlaceLike | undefined;
  readonly via: PlaceLike | undefined;
  readonly names: readonly string[];
}): string | undefined {
  const { services, via, names } = given;
  if (services === undefined || services.kind !== via?.kind) return undefined;
  if (services.kind === 'compose') {
    const isSame = services.file === via.file && mayBeSame(services.project, via.project);
    return isSame ? names.find((name) => name === via.service) : undefined;
  }
  if (services.kind === 'kubernetes') {
    const isSame = services.namespace === via.namespace && mayBeSame(services.context, via.context);
    return isSame ? names.find((name) => ownsPod(name, String(via.pod))) : undefined;
  }
  return undefined;
}

/** What is left out may be either. */
function mayBeSame(one: unknown, other: unknown): boolean {
  return !one || !other || one === other;
}

/** Kubernetes calls pods after what made them: NAME-0, NAME-5d4f8c7b9-x2x4z, NAME-29000000-x2x4z. */
function ownsPod(workload: string, pod: string): boolean {
  const [kind, name] = pod.includes('/') ? pod.split('/', 2) : ['pod', pod];
  if (kind !== 'pod' && kind !== 'pods') return name === workload;
  const rest = name?.startsWith(`${workload}-`) ? name.slice(workload.length + 1) : '';
  return /^(\d+|[a-z0-9]+-[a-z0-9]{5})$/.test(rest);
}
