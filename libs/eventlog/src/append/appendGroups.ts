import type { PendingBatch } from './pendingBatch.ts';

/** From about 500 messages on larger batches are no faster. */
const MAX_MESSAGES = 500;
const MAX_BYTES = 4_000_000;

/**
 * What waits to be sent, in groups that are committed together: batches with claims, which are small; each other one is a
 * group of its own.
 */
export class AppendGroups {
  /** Halves of groups that were refused, before the others. */
  readonly #halves: (readonly PendingBatch[])[] = [];
  #queue: PendingBatch[] = [];

  add(batch: PendingBatch): void {
    this.#queue.push(batch);
  }

  /** Sends the batches of a group that was refused again, in two. */
  divide(group: readonly PendingBatch[]): void {
    const middle = Math.ceil(group.length / 2);
    this.#halves.push(group.slice(0, middle), group.slice(middle));
  }

  /** Takes the next group, without those that are not `pending` any more; an empty one if nothing waits. */
  next(pending: (batch: PendingBatch) => boolean): readonly PendingBatch[] {
    for (let half = this.#halves.shift(); half !== undefined; half = this.#halves.shift()) {
      const rest = half.filter(pending);
      if (rest.length > 0) return rest;
    }
    return this.#gather(this.#queue.filter(pending));
  }

  #gather([first, ...others]: readonly PendingBatch[]): readonly PendingBatch[] {
    if (first === undefined || !hasClaims(first)) {
      this.#queue = others;
      return first === undefined ? [] : [first];
    }
    const group = [first];
    const written = new Set(subjectsOf(first));
    const later: PendingBatch[] = [];
    let { messages, bytes } = first;
    for (const batch of others) {
      const fits = messages + batch.messages <= MAX_MESSAGES && bytes + batch.bytes <= MAX_BYTES;
      const subjects = subjectsOf(batch);
      // The server refuses a batch that writes one owner, or claims one key, twice.
      if (!fits || !hasClaims(batch) || subjects.some((subject) => written.has(subject))) {
        later.push(batch);
        continue;
      }
      group.push(batch);
      messages += batch.messages;
      bytes += batch.bytes;
      for (const subject of subjects) written.add(subject);
    }
    this.#queue = later;
    return group;
  }
}

function hasClaims({ members }: PendingBatch): boolean {
  return members.some(({ claim }) => claim !== undefined);
}

function subjectsOf({ members }: PendingBatch): readonly string[] {
  return members.flatMap(({ request, claim }) => [request.owner, ...(claim === undefined ? [] : [claim.subject])]);
}
