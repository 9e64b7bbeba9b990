import type { ReadModel } from '@jobstream/readmodel';

export interface WaitingTypesOptions {
  readonly table: Pick<ReadModel, 'countJobs'>;
  /** Whether a worker has announced the type. */
  readonly isAnnounced: (type: string) => boolean;
  /** Of each tenant, and of the callers without one. */
  readonly most: number;
}

/** The types of one tenant that no worker announces. */
interface Known {
  readonly types: Map<string, number>;
  readAt: number;
}

const MAX_TENANTS = 10_000;
/** The table has a job some moments after the log. */
const UNSEEN_MS = 60_000;
const READ_EVERY_MS = 5_000;

/**
 * Limits how many job types without a worker a tenant may have jobs of: each is an entry in every list of types. It answers at once,
 * from what this process has created and what the table has; so several processes together may let a few more pass.
 */
export class WaitingTypes {
  readonly #options: WaitingTypesOptions;
  readonly #tenants = new Map<string, Known>();
  /** The tenant that asked last, which most often asks again. */
  #newest: { readonly tenant: string; readonly known: Known } | undefined;

  constructor(options: WaitingTypesOptions) {
    this.#options = options;
  }

  get most(): number {
    return this.#options.most;
  }

  /** Whether jobs of this type may be created, which counts from then on. */
  admits(type: string, tenant = ''): boolean {
    const known = this.#of(tenant);
    const now = performance.now();
    if (now - known.readAt > READ_EVERY_MS) void this.#read(tenant, known);
    if (!known.types.has(type) && known.types.size >= this.#options.most) return false;
    known.types.set(type, now);
    return true;
  }

  #of(tenant: string): Known {
    if (this.#newest?.tenant === tenant) return this.#newest.known;
    const known = this.#tenants.get(tenant) ?? { types: new Map(), readAt: Number.NEGATIVE_INFINITY };
    this.#newest = { tenant, known };
    this.#tenants.delete(tenant);
    this.#tenants.set(tenant, known);
    const [oldest] = this.#tenants.keys();
    if (this.#tenants.size > MAX_TENANTS && oldest !== undefined) this.#tenants.delete(oldest);
    return known;
  }

  async #read(tenant: string, known: Known): Promise<void> {
    known.readAt = performance.now();
    try {
      const counts = await this.#options.table.countJobs(tenant);
      const inTable = new Set(counts.map(({ type }) => type));
      for (const [type, usedAt] of known.types)
        if (this.#options.isAnnounced(type) || (!inTable.has(type) && performance.now() - usedAt > UNSEEN_MS))
          known.types.delete(type);
      for (const type of inTable)
        if (!known.types.has(type) && !this.#options.isAnnounced(type)) known.types.set(type, 0);
    } catch {
      // The table is unavailable, which is reported elsewhere.
    }
  }
}
