import { setTimeout as pause } from 'node:timers/promises';
import { exists, type Schedule } from '@jobstream/domain';
import type { JetStreamManager } from '@nats-io/jetstream';
import { cronHeaders, plainHeaders, scheduleHeaders } from '../connection/headers.ts';
import { publishUntilStored, type OutgoingMessage, type Publisher } from '../connection/publisher.ts';
import { isScheduleTargetInvalid } from '../connection/serverErrors.ts';
import { LogUnavailableError, TriggerRefusedError } from '../errors.ts';
import type { LeaderReader } from '../read/leaderReader.ts';
import {
  cronSubject,
  EVERY_CRON,
  extraTriggerSubject,
  HOURLY_SUBJECT,
  scheduleOfSubject,
  TICK_SUBJECT,
} from '../streams/scheduleSubjects.ts';
import { subjectsUnder, TIMERS_STREAM } from '../streams/streams.ts';
import { cronTrigger } from './cronTrigger.ts';
import type { ScheduleReader, ScheduleSnapshot } from './scheduleReader.ts';

export interface ScheduleTriggersParts {
  readonly manager: JetStreamManager;
  readonly publisher: Publisher;
  readonly schedules: ScheduleReader;
  /** Reads the stream TIMERS. */
  readonly timers: LeaderReader;
  readonly deadlineMs: number;
}

/** Not at the full hour, when many schedules tick. */
const HALF_PAST = '30 30 * * * *';
const REPLICA_PAUSE_MS = 25;
const REPLICA_WAIT_MS = 1_000;

/**
 * Sets the triggers of schedules: cron schedules of the server. They are hints: a fired trigger only says that it is time
 * to look at the schedule, and any process that finds a trigger to differ from its schedule in the log reconciles it.
 * Every method rejects with LogUnavailableError.
 */
export class ScheduleTriggers {
  readonly #parts: ScheduleTriggersParts;

  constructor(parts: ScheduleTriggersParts) {
    this.#parts = parts;
  }

  /**
   * Rejects with TriggerRefusedError if the server would not take this trigger, e.g. because its time zone database lacks
   * the zone. The probe has itself as target, which the server refuses only after it has checked everything else.
   */
  async assertAccepted(schedule: Pick<Schedule, 'name' | 'cron' | 'timeZone'>): Promise<void> {
    const { publisher, deadlineMs } = this.#parts;
    const subject = cronSubject(schedule.name);
    const refusal = await publishUntilStored(publisher, cronTrigger(schedule, subject), deadlineMs);
    if (refusal !== undefined && !isScheduleTargetInvalid(refusal.code))
      throw new TriggerRefusedError(refusal.description);
  }

  /**
   * Makes the trigger of one schedule match the log. Of several callers at once, the last one to finish has read the log
   * again after it acted. `version` must be visible first, since replicas may lag behind.
   */
  async reconcile(name: string, version = 0): Promise<void> {
    let before = await this.#readVersion(name, version);
    for (;;) {
      await this.#apply(name, before);
      const after = await this.#parts.schedules.read(name);
      if (after?.schedule.definitionVersion === before?.schedule.definitionVersion) return;
      before = after;
    }
  }

  /** Returns the names of all schedules that have a trigger. */
  async names(): Promise<string[]> {
    return (await subjectsUnder(this.#parts.manager, TIMERS_STREAM, EVERY_CRON)).map(scheduleOfSubject);
  }

  /** Fires once more for a schedule at an instant, at once if that is past; the server fires by itself at `nextFireAt`. */
  async fireAt(name: string, at: string, nextFireAt: string): Promise<void> {
    const body = JSON.stringify({ schedule: name, nextRing: nextFireAt });
    await this.#publish({ subject: extraTriggerSubject(name), body, headers: scheduleHeaders(at, TICK_SUBJECT) });
  }

  /** Fires for all schedules, behind the triggers that are queued already. */
  async fireAll(): Promise<void> {
    await this.#publish({ subject: TICK_SUBJECT, body: '{}', headers: plainHeaders() });
  }

  /** Makes the server fire for all schedules once an hour, so that a missed tick is found in the end. */
  async fireAllHourly(): Promise<void> {
    await this.#publish({
      subject: HOURLY_SUBJECT,
      body: '{}',
      headers: cronHeaders(HALF_PAST, 'UTC', TICK_SUBJECT),
    });
  }

  /** Publishing an existing cron schedule again would restart it, and lose a firing that is due this moment. */
  async #apply(name: string, snapshot: ScheduleSnapshot | undefined): Promise<void> {
    const current = await this.#current(name);
    if (!exists(snapshot?.schedule) || !snapshot.schedule.enabled) {
      if (current !== undefined) await this.#remove(name);
      return;
    }
    const wanted = cronTrigger(snapshot.schedule, TICK_SUBJECT);
    if (current !== wanted.body) await this.#publish(wanted);
  }

  /** The body of the current cron schedule, which identifies it. */
  async #current(name: string): Promise<string | undefined> {
    try {
      return (await this.#parts.timers.lastMessage(cronSubject(name), this.#parts.deadlineMs))?.text;
    } catch (error) {
      throw new LogUnavailableError(`the trigger of schedule ${name} could not be read`, { cause: error });
    }
  }

  async #readVersion(name: string, version: number): Promise<ScheduleSnapshot | undefined> {
    const deadline = performance.now() + REPLICA_WAIT_MS;
    let snapshot = await this.#parts.schedules.read(name);
    while ((snapshot?.schedule.version ?? 0) < version && performance.now() < deadline) {
      await pause(REPLICA_PAUSE_MS);
      snapshot = await this.#parts.schedules.read(name);
    }
    return snapshot;
  }

  async #remove(name: string): Promise<void> {
    try {
      await this.#parts.manager.streams.purge(TIMERS_STREAM, { filter: cronSubject(name) });
    } catch (error) {
      throw new LogUnavailableError(`the trigger of schedule ${name} could not be removed`, { cause: error });
    }
  }

  async #publish(message: OutgoingMessage): Promise<void> {
    const { publisher, deadlineMs } = this.#parts;
    const refusal = await publishUntilStored(publisher, message, deadlineMs);
    if (refusal !== undefined) throw new TriggerRefusedError(refusal.description);
  }
}
