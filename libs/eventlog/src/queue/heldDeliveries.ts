import type { Timers } from '../connection/processTimers.ts';
import { AdmissionController, type ClaimPermit } from './admission/admissionController.ts';
import type { MessageDelivery } from './delivery.ts';
import type { JobQueueOptions } from './jobQueueOptions.ts';
import { RedeliveryGuard } from './redeliveryGuard.ts';

export interface HeldDeliveriesOptions extends JobQueueOptions {
  /** Called when more may start than a moment ago. */
  readonly onAvailable: () => void;
  /** The time in which the rate counts; default: that of the process. */
  readonly timers?: Timers | undefined;
}

/**
 * The deliveries of one job type that this process has, whatever delivers them, from their arrival until they are settled:
 * kept alive, admitted by the slots and the rate, those of one job one after the other.
 */
export class HeldDeliveries {
  readonly #onDelivery: JobQueueOptions['onDelivery'];
  readonly #admission: AdmissionController;
  readonly #redelivery: RedeliveryGuard<MessageDelivery>;

  constructor(options: HeldDeliveriesOptions) {
    this.#onDelivery = options.onDelivery;
    this.#admission = new AdmissionController(options);
    this.#redelivery = new RedeliveryGuard(options.ackWaitMs);
  }

  /** How many more may start now. */
  available(): number {
    return this.#admission.available();
  }

  /** How many may run or claim their job at once. */
  capacity(): number {
    return this.#admission.capacity();
  }

  /** Holds a delivery until it is settled, or left; never rejects. */
  hold(delivery: MessageDelivery): Promise<void> {
    this.#admission.recordSize(delivery.bytes);
    return this.#redelivery.hold(delivery, delivery.jobId, (held) => this.#handle(held));
  }

  /** For consumers that turn out to have another wait. */
  setAckWait(ackWaitMs: number): void {
    this.#redelivery.setAckWait(ackWaitMs);
  }

  /** Hands back deliveries that have not begun. */
  handBack(): void {
    this.#admission.rejectWaiting();
  }

  /** Hands back deliveries that have not begun, and all that arrive from now on. */
  close(): void {
    this.#admission.close();
  }

  /** Keeps nothing alive any more. */
  stop(): void {
    this.#redelivery.stop();
  }

  async #handle(delivery: MessageDelivery): Promise<void> {
    let permit: ClaimPermit | undefined;
    let started: boolean | void = false;
    try {
      const turn = this.#admission.acquire(delivery.priority);
      permit = turn instanceof Promise ? await turn : turn;
      if (permit === undefined) return delivery.nak();
      delivery.admit(permit);
      started = await this.#onDelivery(delivery);
    } finally {
      permit?.release(started !== false);
    }
  }
}
