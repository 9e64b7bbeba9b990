/** A member of a LinkedSet. A class, since V8 moves short-lived literals of this shape to the old generation. */
export class Place<Item> {
  readonly item: Item;
  previous: Place<Item> | undefined;
  next: Place<Item> | undefined;
  isTaken = true;

  constructor(item: Item, previous: Place<Item> | undefined) {
    this.item = item;
    this.previous = previous;
  }
}

/**
 * A set in insertion order for members that come and go thousands of times a second. When a built-in Set grows, its old
 * table keeps pointing to its members and to the new table. Once one such table is in the old generation, everything that
 * later tables ever held is kept until the next full collection: a third of the CPU time of a worker (measured). Here a
 * removed member points to no other.
 */
export class LinkedSet<Item> implements Iterable<Item> {
  #first: Place<Item> | undefined;
  #last: Place<Item> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The oldest member. */
  get first(): Item | undefined {
    return this.#first?.item;
  }

  add(item: Item): Place<Item> {
    const place = new Place(item, this.#last);
    if (this.#last === undefined) this.#first = place;
    else this.#last.next = place;
    this.#last = place;
    this.#size++;
    return place;
  }

  /** False if it was removed before. */
  remove(place: Place<Item>): boolean {
    if (!place.isTaken) return false;
    const { previous, next } = place;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    place.previous = undefined;
    place.next = undefined;
    place.isTaken = false;
    this.#size--;
    return true;
  }

  /** The member returned last may be removed during the iteration. */
  *[Symbol.iterator](): Generator<Item> {
    let place = this.#first;
    while (place !== undefined) {
      const { item, next } = place;
      yield item;
      place = next;
    }
  }
}
