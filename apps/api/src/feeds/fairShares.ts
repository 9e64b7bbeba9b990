export interface FairSharesOptions {
  /** How many places there are. */
  readonly places: number;
  /** Percent of the places that one caller can take while no other has any. */
  readonly share: number;
}

/** A place taken, or why not: there is none, or what is left is kept for other callers. */
export type Taken = { readonly release: () => void } | { readonly refused: 'none-free' | 'share-exceeded' };

/**
 * Places that callers take and release, of which some are always left for a caller who has none.
 *
 * A caller may have at most as many times the free places as `share` is of the rest: with 75 percent three times as many,
 * which is three quarters for one alone, three sevenths each for two, and so on. The first place of a caller is never
 * refused while one is free. The keys of a tenant share by the same rule what the tenant may have.
 */
export class FairShares {
  readonly #options: FairSharesOptions;
  readonly #taken = new Map<string, number>();
  #free: number;

  constructor(options: FairSharesOptions) {
    this.#options = options;
    this.#free = options.places;
  }

  /** Takes a place for the last of `holders`: a caller, after the tenant that it belongs to, if any. */
  take(holders: readonly string[]): Taken {
    if (this.#free === 0) return { refused: 'none-free' };
    if (!this.#isWithinShares(holders)) return { refused: 'share-exceeded' };
    this.#count(holders, 1);
    let isReleased = false;
    const release = () => {
      if (!isReleased) this.#count(holders, -1);
      isReleased = true;
    };
    return { release };
  }

  #isWithinShares(holders: readonly string[]): boolean {
    const { share } = this.#options;
    let left = this.#free - 1; // when this place is taken
    for (const holder of holders) {
      const taken = (this.#taken.get(holder) ?? 0) + 1;
      if (taken > 1 && taken * (100 - share) > share * left) return false;
      left = (share * left) / (100 - share) - taken;
    }
    return true;
  }

  #count(holders: readonly string[], change: 1 | -1): void {
    this.#free -= change;
    for (const holder of holders) {
      const taken = (this.#taken.get(holder) ?? 0) + change;
      if (taken === 0) this.#taken.delete(holder);
      else this.#taken.set(holder, taken);
    }
  }
}
