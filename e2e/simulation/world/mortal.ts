import { LogUnavailableError, type VirtualClock } from '@jobstream/eventlog';
import type { Network } from './network.ts';
import type { Trace } from './trace.ts';

/** As long as an event log waits for its server. */
const DEADLINE_MS = 4_000;

export interface MortalOptions {
  readonly name: string;
  readonly clock: VirtualClock;
  readonly network: Network;
  readonly trace: Trace;
}

/**
 * A process that may die at any of its awaits: from then on it learns nothing and does nothing, as if it had been killed. Its code
 * cannot be stopped, so that everything that it does to others has to go through here.
 */
export class Mortal {
  readonly name: string;
  /** Resolves at its death. */
  readonly died: Promise<void>;
  /** Until then its messages and those to it wait, as those of a process that was stopped or has no processor. */
  frozenUntil = 0;
  readonly #options: MortalOptions;
  readonly #death = Promise.withResolvers<void>();
  readonly #onDeath: (() => void)[] = [];
  #isDead = false;

  constructor(options: MortalOptions) {
    this.name = options.name;
    this.#options = options;
    this.died = this.#death.promise;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Calls back at its death: what a server notices of it. */
  onDeath(callback: () => void): void {
    this.#onDeath.push(callback);
  }

  die(how: string): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#options.trace.add(this.name, how);
    for (const callback of this.#onDeath) callback();
    this.#death.resolve();
  }

  /** Sends a message to the server; a dead process sends none. */
  send(onArrival: () => void): void {
    if (!this.#isDead) this.#options.network.send(onArrival, this.frozenUntil);
  }

  /** Calls back when a message of the server arrives; never in a dead process. */
  receive(onArrival: () => void): void {
    this.#options.network.send(() => void (this.#isDead || onArrival()), this.frozenUntil);
  }

  /**
   * Asks the server. The request or its answer may be late or lost; then it rejects with LogUnavailableError after four seconds,
   * whether or not the server does it. Stays pending for ever in a dead process.
   */
  ask<Answer>(label: string, serve: () => Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#isDead || this.#dies(`before ${label}`)) return;
      let isOpen = true;
      const end = (settle: () => void) => {
        if (!isOpen) return;
        isOpen = false;
        this.#options.clock.clearTimeout(deadline);
        if (!this.#isDead && !this.#dies(`after ${label}`)) settle();
      };
      const late = () => end(() => reject(new LogUnavailableError(`no answer to ${label}`)));
      const deadline = this.#options.clock.setTimeout(late, DEADLINE_MS);
      this.send(() => {
        this.#serve(label, serve).then(
          (answer) => this.receive(() => end(() => resolve(answer))),
          (error: unknown) => this.receive(() => end(() => reject(error))),
        );
      });
    });
  }

  async #serve<Answer>(label: string, serve: () => Promise<Answer>): Promise<Answer> {
    const { trace } = this.#options;
    try {
      const answer = await serve();
      trace.add(this.name, label, typeof answer === 'number' ? `= ${answer}` : '');
      return answer;
    } catch (error) {
      trace.add(this.name, label, String(error));
      throw error;
    }
  }

  #dies(where: string): boolean {
    if (this.#options.network.chance('death')) this.die(`dies ${where}`);
    return this.#isDead;
  }
}
