import { randomUUID } from 'node:crypto';
import {
  decideSchedule,
  evolveSchedule,
  isRejection,
  type ScheduleCommand,
  type ScheduleDefinition,
  type ScheduleEvent,
  type ScheduleState,
} from '@jobstream/domain';

type Bare<Command> = Command extends unknown ? Omit<Command, 'eventId' | 'at' | 'actor'> : never;

/** Makes the valid events of one schedule, one command after the other, without storing anything. */
export class ScheduleScript {
  readonly name: string;
  readonly events: ScheduleEvent[] = [];
  #state: ScheduleState;

  constructor(name: string) {
    this.name = name;
  }

  create(fields: Partial<ScheduleDefinition> = {}): ScheduleEvent {
    return this.next({ kind: 'CreateSchedule', schedule: this.name, definition: definition(fields) });
  }

  update(fields: Partial<ScheduleDefinition> = {}): ScheduleEvent {
    return this.next({ kind: 'UpdateSchedule', definition: definition(fields) });
  }

  tick(tickAt = new Date(Date.now() + this.events.length * 60_000).toISOString()): ScheduleEvent {
    return this.next({ kind: 'RecordTicks', tickAt, jobIds: [], skipped: 0 });
  }

  next(command: Bare<ScheduleCommand>): ScheduleEvent {
    const context = {
      eventId: randomUUID(),
      at: new Date().toISOString(),
      actor: { kind: 'user', id: 'test' },
    } as const;
    const event = decideSchedule({ ...command, ...context }, this.#state);
    if (isRejection(event)) throw new Error(event.detail);
    this.#state = evolveSchedule(this.#state, event);
    this.events.push(event);
    return event;
  }
}

function definition(fields: Partial<ScheduleDefinition>): ScheduleDefinition {
  return {
    cron: '0 0 1 1 *',
    timeZone: 'UTC',
    job: {
      type: 'email',
      payload: null,
      maxAttempts: 1,
      backoff: { type: 'fixed', delayMs: 0 },
      timeoutMs: 1_000,
      tags: [],
    },
    enabled: true,
    catchUp: { policy: 'skip', limit: 100 },
    ...fields,
  };
}
