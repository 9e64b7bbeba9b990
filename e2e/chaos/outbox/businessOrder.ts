import { createCipheriv, createHash } from 'node:crypto';
import { seededRandom } from '../seededRandom.ts';

/** What a transaction of the application stores: one order, or many that are numbered on. */
export interface BusinessOrder {
  readonly first: number;
  readonly last: number;
  /** Options of the jobs. */
  readonly options: { readonly idempotencyKey?: string };
  /** Makes the payload a large one. */
  readonly note: string | undefined;
  /** Whether it takes something from the stock, which other transactions do at the same time. */
  readonly takesStock: boolean;
  readonly isRolledBack: boolean;
}

const KEYED = 0.3;
const LARGE = 0.02;
const TAKES_STOCK = 0.05;
const ROLLED_BACK = 0.1;
/** Characters of a note; a payload has some more. */
const SHORTEST_NOTE = 1_000;
const LONGEST_NOTE = 250_000;

/** The order with this number: the same seed draws the same one, however often it is tried. */
export function businessOrder(seed: string, number: number): BusinessOrder {
  const random = seededRandom(seed, `order ${number}`);
  return {
    first: number,
    last: number,
    options: random.chance(KEYED) ? { idempotencyKey: `order ${number}` } : {},
    takesStock: random.chance(TAKES_STOCK),
    isRolledBack: random.chance(ROLLED_BACK),
    note: random.chance(LARGE) ? noteOf(`${seed} ${number}`, random.int(SHORTEST_NOTE, LONGEST_NOTE)) : undefined,
  };
}

/** Orders of one transaction, which have small jobs. */
export function bulkOrder(seed: string, first: number, orders: number): BusinessOrder {
  const isRolledBack = seededRandom(seed, `order ${first}`).chance(ROLLED_BACK);
  return { first, last: first + orders - 1, options: {}, note: undefined, takesStock: false, isRolledBack };
}

/** Characters that cannot be compressed to much less. */
function noteOf(seed: string, length: number): string {
  const key = createHash('sha256').update(seed).digest();
  const bytes = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
  return bytes.toString('base64').slice(0, length);
}
