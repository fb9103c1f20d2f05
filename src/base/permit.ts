import { assert } from './assert.ts';

/**
 * Leave to destroy one thing, once. `engine/guard.ts` alone makes one, after a look at that very thing; a test holds that. What
 * destroys takes nothing else, so that no code reaches it on another way.
 *
 * @typeParam What what is destroyed: a database by its object id, an object by its key, a folder by its path.
 */
export class Permit<What> {
  readonly #what: What;
  #isSpent = false;

  constructor(what: What) {
    this.#what = what;
  }

  /** What it is for. A second act needs a second look. */
  spend(): What {
    assert(!this.#isSpent, 'a permit is spent once');
    this.#isSpent = true;
    return this.#what;
  }
}

/** A port whose named methods take a permit for what they took before. */
export type Guarded<Port, Method extends keyof Port> = Omit<Port, Method> & {
  [M in Method]: Port[M] extends (what: infer What) => infer Result
    ? (permit: Permit<What>) => Result
    : never;
};

/** Spends each permit where it is handed in: drivers behind it know of none. */
export function spending<What, Result>(act: (what: What) => Result): (permit: Permit<What>) => Result {
  return (permit) => act(permit.spend());
}
