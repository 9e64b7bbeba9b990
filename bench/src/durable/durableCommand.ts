import { inLanes } from '../measure/concurrency.ts';
import type { DurableClient } from './durableSystem.ts';

/** What the bench asks of the client's process, one at a time. */
export type DurableCommand =
  /** Enqueues jobs of steps one by one, some at once, and waits until all have completed. */
  | { readonly do: 'drain'; readonly jobs: number; readonly inFlight: number }
  /** Signals jobs one after the other, each when it waits. */
  | { readonly do: 'roundTrips'; readonly jobs: number }
  /** Enqueues jobs that wait, and waits until they do. */
  | { readonly do: 'wait'; readonly jobs: number }
  /** Signals all those that wait at once, and waits until all have completed. */
  | { readonly do: 'signalAll' };

export interface DurableOutcome {
  readonly seconds: number;
  /** What the system has stored meanwhile, as often as it did. */
  readonly writes: number;
  /** Milliseconds from sending each signal until its job had completed. */
  readonly roundTrips: readonly number[];
}

export type DurableAnswer = { readonly outcome: DurableOutcome } | { readonly failure: string };

/** Does what the bench asks for; jobs that wait are kept for the next command. */
export class DurableCommands {
  readonly #client: DurableClient;
  #waiting: readonly string[] = [];

  constructor(client: DurableClient) {
    this.#client = client;
  }

  async perform(command: DurableCommand): Promise<DurableOutcome> {
    const written = await this.#client.writes();
    const measured = await this.#measure(command);
    return { seconds: 0, roundTrips: [], ...measured, writes: (await this.#client.writes()) - written };
  }

  async #measure(command: DurableCommand): Promise<Partial<DurableOutcome>> {
    switch (command.do) {
      case 'drain':
        return { seconds: await this.#drain(command.jobs, command.inFlight) };
      case 'roundTrips':
        return { roundTrips: await this.#roundTrips(command.jobs) };
      case 'wait':
        this.#waiting = await this.#enqueueWaiting(command.jobs);
        return {};
      case 'signalAll':
        return { seconds: await this.#signalAll(this.#waiting) };
    }
  }

  async #drain(jobs: number, inFlight: number): Promise<number> {
    const began = now();
    const ids: string[] = [];
    await inLanes(jobs, inFlight, async () => ids.push(await this.#client.enqueue('steps')));
    return ((await this.#client.untilCompleted(ids)) - began) / 1_000;
  }

  async #roundTrips(jobs: number): Promise<readonly number[]> {
    const times: number[] = [];
    for (let count = 0; count < jobs; count += 1) {
      const [id = ''] = await this.#enqueueWaiting(1);
      const began = now();
      await this.#client.signal(id);
      times.push((await this.#client.untilCompleted([id])) - began);
    }
    return times;
  }

  async #enqueueWaiting(jobs: number): Promise<readonly string[]> {
    const ids = await Promise.all(Array.from({ length: jobs }, () => this.#client.enqueue('approval')));
    await this.#client.untilWaiting(ids);
    return ids;
  }

  async #signalAll(ids: readonly string[]): Promise<number> {
    const began = now();
    await Promise.all(ids.map((id) => this.#client.signal(id)));
    return ((await this.#client.untilCompleted(ids)) - began) / 1_000;
  }
}

/** Milliseconds since 1970, with fractions. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
