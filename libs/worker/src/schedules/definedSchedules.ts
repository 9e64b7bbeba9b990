import { isDeepStrictEqual } from 'node:util';
import { checkPayload, type JobDefinition } from '@jobstream/client';
import { decideSchedule, isRejection, type Schedule, type ScheduleCommand } from '@jobstream/domain';
import { ConcurrentAppendError, type EventLog, type ScheduleEnd, TriggerRefusedError } from '@jobstream/eventlog';
import type { Clock } from '../attempt/chain/clock.ts';
import { isUnavailable, retryUntilAvailable } from '../attempt/chain/retryUntilAvailable.ts';
import type { HandlerRegistry } from '../handler/jobHandler.ts';
import type { Logger } from '../handler/logger.ts';
import { type NamedSchedule, scheduleOfDefinition } from './scheduleOfDefinition.ts';

export interface DefinedSchedulesOptions {
  readonly eventLog: Pick<EventLog, 'schedules'>;
  readonly handlers: HandlerRegistry;
  /** The name that the worker has in its events. */
  readonly workerName: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A schedule of every second records ticks meanwhile; losing this often is not a coincidence. */
const MAX_TRIES = 8;

/**
 * Creates and updates the schedules that definitions of job types name, when the worker starts. Of several workers that start
 * together one does it, and one that finds its schedule as it wants it changes nothing. What a person has paused stays paused, and
 * what a person has removed stays removed. No schedule is removed because no definition names it any more.
 */
export class DefinedSchedules {
  readonly #options: DefinedSchedulesOptions;
  readonly #closing = new AbortController();
  #defining: Promise<unknown> = Promise.resolve();

  constructor(options: DefinedSchedulesOptions) {
    this.#options = options;
  }

  /** Returns at once: jobs of other types need not wait for it. */
  start(): void {
    const definitions = [...this.#options.handlers.values()].map(({ definition }) => definition);
    this.#defining = Promise.all(definitions.map((definition) => this.#define(definition)));
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    await this.#defining;
  }

  /** Never rejects: a worker whose schedule cannot be had runs jobs all the same. */
  async #define(definition: JobDefinition): Promise<void> {
    const named = scheduleOfDefinition(definition);
    if (named === undefined) return;
    const { logger } = this.#options;
    try {
      await checkPayload(definition, definition.schedule?.payload);
      await retryUntilAvailable(this.#reporting(named), this.#closing.signal);
    } catch (error) {
      if (!this.#closing.signal.aborted || !isUnavailable(error))
        logger.error({ err: error, schedule: named.name }, 'the schedule of a definition was not created or changed');
    }
  }

  /** Logs the first failure of several. */
  #reporting(named: NamedSchedule): () => Promise<void> {
    let isFirst = true;
    return async () => {
      try {
        await this.#defineOnce(named);
      } catch (error) {
        const details = { err: error, schedule: named.name };
        if (isFirst && isUnavailable(error))
          this.#options.logger.warn(details, 'the schedule of a definition has to wait');
        isFirst = false;
        throw error;
      }
    };
  }

  async #defineOnce(named: NamedSchedule): Promise<void> {
    const { schedules } = this.#options.eventLog;
    for (let tries = 1; ; tries++) {
      const end = await schedules.reader.readEnd(named.name);
      const command = this.#commandFor(named, end);
      if (command === undefined) return;
      await assertAccepted(named, schedules);
      try {
        await this.#append(command, end);
        return await schedules.triggers.reconcile(named.name);
      } catch (error) {
        if (!(error instanceof ConcurrentAppendError) || tries === MAX_TRIES) throw error;
      }
    }
  }

  /** Undefined if nothing is to be done, or must not be. */
  #commandFor({ name, schedule: definition }: NamedSchedule, end: ScheduleEnd): ScheduleCommand | undefined {
    const { clock, logger, workerName: id } = this.#options;
    const { schedule } = end;
    const context = { eventId: clock.newId(), at: clock.now(), actor: { kind: 'worker', id } } as const;
    if (end.sequence === 0) return { ...context, kind: 'CreateSchedule', schedule: name, definition };
    const obstacle = obstacleOf(end, definition.job.type);
    if (obstacle !== undefined || schedule === undefined) {
      logger.warn({ schedule: name }, `the schedule of a definition is left as it is: ${obstacle ?? 'it is unknown'}`);
      return undefined;
    }
    const { enabled, catchUp, cron, timeZone, job } = schedule;
    if (isDeepStrictEqual({ ...definition, enabled, catchUp }, { cron, timeZone, job, enabled, catchUp }))
      return undefined;
    return { ...context, kind: 'UpdateSchedule', definition: { ...definition, enabled, catchUp } };
  }

  async #append(command: ScheduleCommand, { schedule, sequence }: ScheduleEnd): Promise<void> {
    const decision = decideSchedule(command, schedule);
    if (isRejection(decision)) throw new Error(decision.detail);
    await this.#options.eventLog.schedules.append(decision, sequence);
    this.#options.logger.info({ schedule: decision.schedule }, `${decision.event} for a definition`);
  }
}

function obstacleOf({ schedule, tenant }: ScheduleEnd, type: string): string | undefined {
  if (schedule === undefined) return 'the log has only the end of its history';
  if (schedule.deletedAt !== undefined) return 'it was removed; create it again, or give it another name';
  if (tenant !== undefined) return `it belongs to the tenant ${tenant}`;
  return wrongType(schedule, type);
}

function wrongType({ job }: Schedule, type: string): string | undefined {
  return job.type === type ? undefined : `it creates jobs of the type ${job.type}`;
}

/** @throws Error if the server would not take its trigger, e.g. because it does not know the time zone. */
async function assertAccepted({ name, schedule }: NamedSchedule, { triggers }: EventLog['schedules']): Promise<void> {
  try {
    await triggers.assertAccepted({ name, ...schedule });
  } catch (error) {
    if (error instanceof TriggerRefusedError) throw new Error(`NATS refuses it: ${error.message}`, { cause: error });
    throw error;
  }
}
