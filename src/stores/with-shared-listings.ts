import { cancelledFailure } from '../base/cancelled-failure.ts';
import { fail, type Outcome } from '../base/failure.ts';
import type { ListRequest, ObjectInfo } from '../ports/object-store.ts';
import type { StoreLooks } from '../ports/world.ts';

type Page = Outcome<readonly ObjectInfo[]>;

/** A listing under way or done: its pages so far, and whoever wants more. */
type SharedListing = {
  readonly prefix: string;
  readonly hasTags: boolean;
  /** undefined behind the last one. */
  page(index: number): Promise<Page | undefined>;
};

/**
 * For one look at everything, in which many ask for the same prefix within seconds: it is listed once, however many ask and at
 * whatever pace they read. What may be changed in between must not be seen through this: it is a store that can only be looked at,
 * and it is thrown away after the look. A failure is shared, too; the next look asks anew.
 */
export function withSharedListings(store: StoreLooks): StoreLooks {
  const listings: SharedListing[] = [];
  return {
    ...store,
    async *list(request) {
      const { prefix, signal } = request;
      const listing = listings.find((one) => answers(one, request)) ?? begin(store, { request, listings });
      for (let index = 0; ; index += 1) {
        const page = await orAborted(listing.page(index), signal);
        if (page === 'aborted') {
          yield fail(cancelledFailure(`list ${prefix} in ${store.address}`));
          return;
        }
        if (page === undefined) return;
        yield page.ok && listing.prefix !== prefix
          ? { ok: true, value: page.value.filter(({ key }) => key.startsWith(prefix)) }
          : page;
        if (!page.ok) return;
      }
    },
  };
}

/** What begins with the wider prefix holds the narrower one; where tags are wanted they must have been asked for. */
function answers(listing: SharedListing, { prefix, sizesOnly = false }: ListRequest): boolean {
  return prefix.startsWith(listing.prefix) && (listing.hasTags || sizesOnly);
}

/** Without a signal of its own: one of those who wait may leave, and the others go on. */
function begin(
  store: StoreLooks,
  { request, listings }: { readonly request: ListRequest; readonly listings: SharedListing[] },
): SharedListing {
  const { prefix, sizesOnly = false } = request;
  const source = store.list({ prefix, sizesOnly })[Symbol.asyncIterator]();
  const pages: Page[] = [];
  let ended = false;
  let pulling: Promise<void> | undefined;
  const pull = async () => {
    const next = await source.next();
    if (next.done) ended = true;
    else pages.push(next.value);
    pulling = undefined;
  };
  const listing = {
    prefix,
    hasTags: !sizesOnly,
    async page(index: number) {
      while (index >= pages.length && !ended) {
        pulling ??= pull();
        await pulling;
      }
      return pages[index];
    },
  };
  listings.push(listing);
  return listing;
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | 'aborted'> {
  if (signal === undefined) return work;
  if (signal.aborted) return 'aborted';
  const { promise, resolve } = Promise.withResolvers<'aborted'>();
  const leave = () => resolve('aborted');
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
