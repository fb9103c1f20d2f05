/** The declaration that a place belongs to; the runbook's schema has refused every other kind. */
export function kindOf<T extends { readonly kind: string }>(
  kinds: readonly T[],
  { kind }: { readonly kind: string },
): T {
  const found = kinds.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`Broken promise: nobody declares the kind ${kind}`);
  return found;
}
