/** Where services are stopped, as far as it tells whether the database is among them; with placeholders or filled. */
type ServicesLike =
  | { readonly kind: 'process' }
  | { readonly kind: 'compose'; readonly file: string; readonly project?: string | undefined }
  | { readonly kind: 'kubernetes'; readonly namespace: string; readonly context?: string | undefined };

type ViaLike =
  | (Extract<ServicesLike, { kind: 'compose' }> & { readonly service: string })
  | (Extract<ServicesLike, { kind: 'kubernetes' }> & { readonly pod: string });

/**
 * The service among those to be stopped in whose container the database is reached: with it the way to the database would go,
 * and mostly the database itself. Undefined where there is none.
 */
export function findStoppedDatabase(given: {
  readonly services: ServicesLike | undefined;
  readonly via: ViaLike | undefined;
  readonly names: readonly string[];
}): string | undefined {
  const { services, via, names } = given;
  if (services?.kind === 'compose' && via?.kind === 'compose') {
    const isSame = services.file === via.file && mayBeSame(services.project, via.project);
    return isSame ? names.find((name) => name === via.service) : undefined;
  }
  if (services?.kind === 'kubernetes' && via?.kind === 'kubernetes') {
    const isSame = services.namespace === via.namespace && mayBeSame(services.context, via.context);
    return isSame ? names.find((name) => ownsPod(name, via.pod)) : undefined;
  }
  return undefined;
}

/** What is left out may be either. */
function mayBeSame(one: string | undefined, other: string | undefined): boolean {
  return !one || !other || one === other;
}

/** Kubernetes calls pods after what made them: NAME-0, NAME-5d4f8c7b9-x2x4z, NAME-29000000-x2x4z. */
function ownsPod(workload: string, pod: string): boolean {
  const [kind, name] = pod.includes('/') ? pod.split('/', 2) : ['pod', pod];
  if (kind !== 'pod' && kind !== 'pods') return name === workload;
  const rest = name?.startsWith(`${workload}-`) ? name.slice(workload.length + 1) : '';
  return /^(\d+|[a-z0-9]+-[a-z0-9]{5})$/.test(rest);
}
