import type { AlarmQueue, DefinitionHint, EventLog } from '@jobstream/eventlog';
import type { Service } from '@jobstream/runtime';
import { untilAvailable } from '../attempt/untilAvailable.ts';
import { answerAlarm } from './answerAlarm.ts';
import { putAlarmRight } from './putAlarmsRight.ts';
import type { SchedulerContext } from './schedulerContext.ts';

export interface SchedulerOptions extends SchedulerContext {
  readonly eventLog: Pick<EventLog, 'append' | 'schedules' | 'onReconnected'>;
  readonly ackWaitMs: number;
}

/**
 * Turns the ticks of schedules into jobs. Every worker process has one; they share the alarms. When it starts, and when
 * it has been without the log, it rings for all schedules, behind whatever waits already: then alarms that are missing
 * are set, and ticks that were missed while everything was down are found.
 */
export class Scheduler implements Service {
  readonly name = 'scheduler';
  readonly #options: SchedulerOptions;
  readonly #closing = new AbortController();
  readonly #pending = new Set<Promise<void>>();
  #alarms: AlarmQueue | undefined;
  #forget: readonly (() => void)[] = [];

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { eventLog, ackWaitMs } = this.#options;
    this.#forget = [
      eventLog.schedules.onDefined((hint) => this.#onDefined(hint)),
      eventLog.onReconnected(() => this.#onBack()),
    ];
    this.#alarms = await eventLog.schedules.openAlarms({
      ackWaitMs,
      onAlarm: (alarm) => answerAlarm(alarm, this.#options),
    });
    this.#onBack();
  }

  /** Takes no more alarms and waits for the one in hand. */
  async stop(): Promise<void> {
    for (const forget of this.#forget) forget();
    this.#closing.abort();
    await this.#alarms?.stop();
    await Promise.all(this.#pending);
  }

  #onDefined({ name, version }: DefinitionHint): void {
    this.#inBackground(() => putAlarmRight(name, this.#options, version));
  }

  #onBack(): void {
    this.#inBackground(async () => {
      const { alarms } = this.#options.eventLog.schedules;
      await alarms.ringForAllEachHour();
      await alarms.ringForAll();
    });
  }

  /** Goes on until the log has taken it, or the worker closes. */
  #inBackground(task: () => Promise<void>): void {
    const { logger } = this.#options;
    const done = untilAvailable(task, this.#closing.signal)
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) logger.error({ err: error }, 'the alarms could not be put right');
      })
      .finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }
}
