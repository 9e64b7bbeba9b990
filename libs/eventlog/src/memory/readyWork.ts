import type { Priority } from '@jobstream/domain';
import { WEIGHTS } from '../queue/admission/laneShares.ts';

/** What can be delivered, by priority: while some of each waits, they take turns by their weights, the highest first. */
export class ReadyWork<Work> {
  readonly #priorityOf: (work: Work) => Priority;
  readonly #waiting: Readonly<Record<Priority, Work[]>> = { high: [], normal: [], low: [] };
  readonly #turns: Record<Priority, number> = { ...WEIGHTS };

  constructor(priorityOf: (work: Work) => Priority) {
    this.#priorityOf = priorityOf;
  }

  get size(): number {
    return Object.values(this.#waiting).reduce((sum, { length }) => sum + length, 0);
  }

  add(work: Work): void {
    this.#waiting[this.#priorityOf(work)].push(work);
  }

  /** Before what was not delivered yet. */
  putBack(work: Work): void {
    this.#waiting[this.#priorityOf(work)].unshift(work);
  }

  take(): Work | undefined {
    const waiting = (Object.keys(this.#waiting) as Priority[]).filter((one) => this.#waiting[one].length > 0);
    if (!waiting.some((one) => this.#turns[one] > 0)) Object.assign(this.#turns, WEIGHTS);
    const next = waiting.find((one) => this.#turns[one] > 0);
    if (next === undefined) return undefined;
    this.#turns[next]--;
    return this.#waiting[next].shift();
  }
}
