import type { DefinitionHint, EventLog, TriggerQueue } from '@jobstream/eventlog';
import type { Service } from '@jobstream/runtime';
import { retryUntilAvailable } from '@jobstream/worker/engine';
import { handleTrigger } from './handleTrigger.ts';
import { reconcileTrigger } from './reconcileTriggers.ts';
import type { SchedulerContext } from './schedulerContext.ts';

export interface SchedulerOptions extends SchedulerContext {
  readonly eventLog: SchedulerContext['eventLog'] & Pick<EventLog, 'onReconnected'>;
  readonly ackWaitMs: number;
}

/**
 * Turns the ticks of schedules into jobs. Every worker process has one; they share the triggers. At start and after
 * each reconnection it fires for all schedules, behind the triggers that are queued already: then missing triggers
 * are set, and ticks that were missed while everything was down are found.
 */
export class Scheduler implements Service {
  readonly name = 'scheduler';
  readonly #options: SchedulerOptions;
  readonly #closing = new AbortController();
  readonly #pending = new Set<Promise<void>>();
  #triggers: TriggerQueue | undefined;
  #unsubscribe: readonly (() => void)[] = [];

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { eventLog, ackWaitMs } = this.#options;
    this.#unsubscribe = [
      eventLog.schedules.subscribeToDefinitions((hint) => this.#onDefined(hint)),
      eventLog.onReconnected(() => this.#onReconnected()),
    ];
    this.#triggers = await eventLog.schedules.openTriggerQueue({
      ackWaitMs,
      onTrigger: (trigger) => handleTrigger(trigger, this.#options),
    });
    this.#onReconnected();
  }

  /** Takes no more triggers and waits for the one being handled. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#closing.abort();
    await this.#triggers?.stop();
    await Promise.all(this.#pending);
  }

  #onDefined({ name, version }: DefinitionHint): void {
    this.#inBackground(() => reconcileTrigger(name, this.#options, version));
  }

  #onReconnected(): void {
    this.#inBackground(async () => {
      const { triggers } = this.#options.eventLog.schedules;
      await triggers.fireAllHourly();
      await triggers.fireAll();
    });
  }

  /** Repeats the task while the log is unavailable, until the scheduler stops. */
  #inBackground(task: () => Promise<void>): void {
    const { logger } = this.#options;
    const done = retryUntilAvailable(task, this.#closing.signal)
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) logger.error({ err: error }, 'reconciling the triggers failed');
      })
      .finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }
}
