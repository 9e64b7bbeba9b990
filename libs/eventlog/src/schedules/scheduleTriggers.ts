import { setTimeout as pause } from 'node:timers/promises';
import { cronOf, exists, type Schedule } from '@jobstream/domain';
import type { JetStreamManager } from '@nats-io/jetstream';
import { triggerPattern } from './triggerPattern.ts';
import { TriggerRefusedError, LogUnavailableError } from '../errors.ts';
import { cronHeaders, plainHeaders, scheduleHeaders } from '../connection/headers.ts';
import { isScheduleTargetInvalid } from '../connection/serverErrors.ts';
import type { LeaderReader } from '../read/leaderReader.ts';
import type { Publisher } from '../connection/publisher.ts';
import type { ScheduleReader } from './scheduleReader.ts';
import type { ScheduleSnapshot } from './scheduleSnapshot.ts';
import {
  cronSubject,
  EVERY_CRON,
  extraTriggerSubject,
  HOURLY_SUBJECT,
  scheduleOfSubject,
  TICK_SUBJECT,
} from '../streams/scheduleSubjects.ts';
import { publishUntilStored, type OutgoingMessage } from '../connection/publisher.ts';
import { TIMERS_STREAM } from '../streams/streams.ts';
import { subjectsUnder } from '../streams/streams.ts';

export interface ScheduleTriggersParts {
  readonly manager: JetStreamManager;
  readonly publisher: Publisher;
  readonly schedules: ScheduleReader;
  /** Reads the stream TIMERS. */
  readonly timers: LeaderReader;
  readonly deadlineMs: number;
}

/** Away from the full hour, when many schedules tick. */
const HALF_PAST = '30 30 * * * *';
const REPLICA_PAUSE_MS = 25;
const REPLICA_WAIT_MS = 1_000;

/**
 * The server's cron schedules, which ring for our schedules. They carry no truth: an alarm only says that it is time to
 * look, and whoever finds that they differ from the schedules in the log puts them right.
 */
export class ScheduleTriggers {
  readonly #parts: ScheduleTriggersParts;

  constructor(parts: ScheduleTriggersParts) {
    this.#parts = parts;
  }

  /**
   * Asks the server whether it would ring for this: AlarmRefusedError, e.g. when its time zone database has no such
   * zone. The message that asks has itself as target, which the server finds wrong after it has looked at all the rest.
   */
  async assertAccepted(schedule: Pick<Schedule, 'name' | 'cron' | 'timeZone'>): Promise<void> {
    const { publisher, deadlineMs } = this.#parts;
    const subject = cronSubject(schedule.name);
    const refusal = await publishUntilStored(publisher, cronMessage(schedule, subject), deadlineMs);
    if (refusal !== undefined && !isScheduleTargetInvalid(refusal.code))
      throw new TriggerRefusedError(refusal.description);
  }

  /**
   * Makes the alarm of one schedule what the log says. Whoever else does so at the same time, the last one to finish has
   * looked at the log once more after it acted. `version` is one that must be visible: replicas may lag behind.
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

  /** The names of all schedules that have an alarm. */
  async names(): Promise<string[]> {
    return (await subjectsUnder(this.#parts.manager, TIMERS_STREAM, EVERY_CRON)).map(scheduleOfSubject);
  }

  /** Rings once more for a schedule at an instant, at once if that is past. `nextRing`: when the server rings by itself. */
  async fireAt(name: string, at: string, nextRing: string): Promise<void> {
    const body = JSON.stringify({ schedule: name, nextRing });
    await this.#publish({ subject: extraTriggerSubject(name), body, headers: scheduleHeaders(at, TICK_SUBJECT) });
  }

  /** Rings for all schedules, after all alarms that are waiting already. */
  async fireAll(): Promise<void> {
    await this.#publish({ subject: TICK_SUBJECT, body: '{}', headers: plainHeaders() });
  }

  /** Has the server ring for all schedules once an hour, so that whatever was left undone is found some time. */
  async fireAllHourly(): Promise<void> {
    await this.#publish({
      subject: HOURLY_SUBJECT,
      body: '{}',
      headers: cronHeaders(HALF_PAST, 'UTC', TICK_SUBJECT),
    });
  }

  /** Publishing a cron that is there already would restart it, and a ring that is due this moment would be lost. */
  async #apply(name: string, snapshot: ScheduleSnapshot | undefined): Promise<void> {
    const current = await this.#current(name);
    if (!exists(snapshot?.schedule) || !snapshot.schedule.enabled) {
      if (current !== undefined) await this.#remove(name);
      return;
    }
    const wanted = cronMessage(snapshot.schedule, TICK_SUBJECT);
    if (current !== wanted.body) await this.#publish(wanted);
  }

  /** The body of the cron schedule that rings now; it says all about it. */
  async #current(name: string): Promise<string | undefined> {
    try {
      return (await this.#parts.timers.lastMessage(cronSubject(name), this.#parts.deadlineMs))?.text;
    } catch (error) {
      throw new LogUnavailableError(`the alarm of schedule ${name} could not be read`, { cause: error });
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
      throw new LogUnavailableError(`the alarm of schedule ${name} could not be removed`, { cause: error });
    }
  }

  async #publish(message: OutgoingMessage): Promise<void> {
    const { publisher, deadlineMs } = this.#parts;
    const refusal = await publishUntilStored(publisher, message, deadlineMs);
    if (refusal !== undefined) throw new TriggerRefusedError(refusal.description);
  }
}

function cronMessage(
  { name, cron, timeZone }: Pick<Schedule, 'name' | 'cron' | 'timeZone'>,
  target: string,
): OutgoingMessage {
  const parsed = cronOf(cron);
  const zone = parsed.kind === 'every' ? 'UTC' : timeZone;
  const pattern = triggerPattern(parsed);
  return {
    subject: cronSubject(name),
    // Says all that the headers say, so that two crons are the same when their bodies are.
    body: JSON.stringify({ schedule: name, pattern, timeZone: zone }),
    headers: cronHeaders(pattern, zone, target),
  };
}
