/** What came of trying a key on one encrypted value. */
export type OpenedValue =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'malformed'; readonly why: string };
