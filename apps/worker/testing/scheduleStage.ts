import { randomUUID } from 'node:crypto';
import { decideSchedule, isRejection } from '@jobstream/domain';
import type { JobEventOf, ScheduleCommand, ScheduleDefinition, ScheduleEventOf } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { startNats } from '@jobstream/test-support';
import { afterAll } from 'vitest';
import { createLogger } from '@jobstream/runtime';
import { systemClock } from '@jobstream/worker/engine';
import { Scheduler } from '../src/schedules/scheduler.ts';
import type { SchedulerContext } from '../src/schedules/schedulerContext.ts';

type Envelope = 'eventId' | 'at' | 'actor';
type Bare<Command> = Command extends unknown ? Omit<Command, Envelope> : never;
type Created = JobEventOf<'JobCreated'>;

/** The event log as a test of schedules uses it: to define schedules, and to read the jobs and records of their ticks. */
export class ScheduleStage implements AsyncDisposable {
  readonly eventLog: EventLog;

  private constructor(eventLog: EventLog) {
    this.eventLog = eventLog;
  }

  static async open(url: string): Promise<ScheduleStage> {
    const eventLog = new EventLog({ url, name: 'test', deadlineMs: 30_000 });
    await eventLog.start();
    return new ScheduleStage(eventLog);
  }

  /** Creates a schedule as if at the instant `at`; without a trigger, as if the API had died before it set one. */
  async create(name: string, fields: Partial<ScheduleDefinition> = {}, at?: number): Promise<void> {
    await this.act(name, { kind: 'CreateSchedule', schedule: name, definition: definition(fields) }, at);
  }

  async update(name: string, fields: Partial<ScheduleDefinition> = {}): Promise<void> {
    await this.act(name, { kind: 'UpdateSchedule', definition: definition(fields) });
  }

  async act(name: string, command: Bare<ScheduleCommand>, at = Date.now()): Promise<void> {
    const snapshot = await this.eventLog.schedules.reader.read(name);
    const envelope = {
      eventId: randomUUID(),
      at: new Date(at).toISOString(),
      actor: { kind: 'user', id: 'test' },
    } as const;
    const decision = decideSchedule({ ...command, ...envelope }, snapshot?.schedule);
    if (isRejection(decision)) throw new Error(decision.detail);
    await this.eventLog.schedules.append(decision, snapshot?.sequence ?? 0);
  }

  /** The records of the ticks of a schedule, oldest first. */
  async records(name: string): Promise<ScheduleEventOf<'ScheduleTicked'>['data'][]> {
    const history = await this.eventLog.schedules.reader.history(name, { limit: 10_000 });
    return history.toReversed().flatMap(({ event }) => (event.event === 'ScheduleTicked' ? [event.data] : []));
  }

  /** The jobs that a schedule has created, in the order of the log. */
  async jobs(name: string): Promise<Created[]> {
    const created = await this.#created();
    return created.filter(({ actor }) => actor.kind === 'scheduler' && actor.id === name);
  }

  /** The ticks for which a schedule has created jobs, in the order of the log; one for each job. */
  async ticks(name: string): Promise<string[]> {
    return (await this.jobs(name)).map(({ causationId = '' }) => causationId.slice(name.length + 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.eventLog.stop();
  }

  async #created(): Promise<Created[]> {
    const end = await this.eventLog.lastSequence();
    const created: Created[] = [];
    if (end === 0) return created;
    for await (const entries of this.eventLog.follow({ after: 0 })) {
      for (const entry of entries) {
        if (entry.kind === 'event' && entry.event.event === 'JobCreated') created.push(entry.event);
      }
      if ((entries.at(-1)?.sequence ?? 0) >= end) break;
    }
    return created;
  }
}

/** Every second, a job of a type without a handler. */
function definition(fields: Partial<ScheduleDefinition>): ScheduleDefinition {
  return {
    cron: '* * * * * *',
    timeZone: 'UTC',
    job: {
      type: 'unhandled',
      payload: { from: 'a schedule' },
      maxAttempts: 1,
      backoff: { type: 'fixed', delayMs: 0 },
      timeoutMs: 1_000,
      tags: ['planned'],
    },
    enabled: true,
    catchUp: { policy: 'skip', limit: 100 },
    ...fields,
  };
}

/** A started scheduler in the process of the test, with a connection of its own. */
export async function startScheduler(natsUrl: string): Promise<AsyncDisposable> {
  const eventLog = new EventLog({ url: natsUrl, name: 'worker' });
  await eventLog.start();
  const scheduler = new Scheduler({ ...schedulerContext(eventLog), eventLog, ackWaitMs: 1_000 });
  await scheduler.start();
  return {
    async [Symbol.asyncDispose]() {
      await scheduler.stop();
      await eventLog.stop();
    },
  };
}

/** The context of a scheduler on this log. */
export function schedulerContext(eventLog: SchedulerContext['eventLog']): SchedulerContext {
  return { eventLog, clock: systemClock(Date), logger: createLogger({ service: 'test', level: 'silent' }), keepMs: 0 };
}

/** A server and a stage on it that all tests of a file share. */
export async function sharedStage() {
  const nats = await startNats();
  const stage = await ScheduleStage.open(nats.url);
  afterAll(async () => {
    await stage[Symbol.asyncDispose]();
    await nats[Symbol.asyncDispose]();
  });
  return { nats, stage };
}
