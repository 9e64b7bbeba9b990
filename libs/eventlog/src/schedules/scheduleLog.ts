import { encodeScheduleEvent, type ScheduleEvent } from '@jobstream/domain';
import type { JetStreamManager } from '@nats-io/jetstream';
import { TriggerQueue, ensureTriggerConsumer, type TriggerQueueOptions } from './triggerQueue.ts';
import type { AppendRequest } from '../append/appendRequest.ts';
import type { Appender } from '../append/appender.ts';
import type { Connection } from '../connection/connection.ts';
import { DirectReader } from '../read/directReader.ts';
import { subscribeToDefinitions, type DefinitionHint } from './subscribeToDefinitions.ts';
import { LeaderReader } from '../read/leaderReader.ts';
import type { LogSink } from '../connection/logSink.ts';
import type { Publisher } from '../connection/publisher.ts';
import { ScheduleTriggers } from './scheduleTriggers.ts';
import { ScheduleReader } from './scheduleReader.ts';
import { scheduleFilter, scheduleSubject } from '../streams/scheduleSubjects.ts';
import { TIMERS_STREAM } from '../streams/streams.ts';

export interface ScheduleLogParts {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly publisher: Publisher;
  readonly appender: Appender;
  readonly deadlineMs: number;
  /** Whether the log has replicas, which may lag behind. */
  readonly replicated: boolean;
  readonly sink: LogSink;
}

/** What the event log offers for schedules: their events, and the alarms that ring for them. */
export class ScheduleLog {
  readonly reader: ScheduleReader;
  readonly triggers: ScheduleTriggers;
  readonly #parts: ScheduleLogParts;
  readonly #queues = new Set<TriggerQueue>();

  constructor(parts: ScheduleLogParts) {
    const { connection, manager, deadlineMs, replicated } = parts;
    this.#parts = parts;
    this.reader = new ScheduleReader({
      direct: new DirectReader(connection, deadlineMs),
      leader: replicated ? new LeaderReader(connection) : undefined,
      manager,
      deadlineMs,
    });
    this.triggers = new ScheduleTriggers({
      ...parts,
      schedules: this.reader,
      timers: new LeaderReader(connection, TIMERS_STREAM),
    });
  }

  /**
   * Appends one event to its schedule and returns its sequence. `expectedSequence` is that of the schedule's previous
   * event, 0 for a name that is new. ConcurrentAppendError, LogUnavailableError, LogOverloadedError, EventTooLargeError.
   */
  append(event: ScheduleEvent, expectedSequence: number): Promise<number> {
    const appendable: AppendRequest = {
      eventId: event.id,
      kind: 'schedule',
      owner: event.schedule,
      subject: scheduleSubject(event),
      filter: scheduleFilter(event.schedule),
      text: encodeScheduleEvent(event),
    };
    return this.#parts.appender.append(appendable, expectedSequence);
  }

  /** Calls back when a schedule may have been defined anew; returns how to stop that. */
  onDefined(onHint: (hint: DefinitionHint) => void): () => void {
    return subscribeToDefinitions(this.#parts.connection.nats, onHint);
  }

  /** Starts taking alarms. */
  async openTriggerQueue(options: TriggerQueueOptions): Promise<TriggerQueue> {
    const { connection, manager, sink } = this.#parts;
    await ensureTriggerConsumer(manager, options.ackWaitMs);
    const queue = new TriggerQueue(connection, options, sink);
    this.#queues.add(queue);
    queue.start();
    return queue;
  }

  /** Ends the alarm queues. */
  async stop(): Promise<void> {
    await Promise.all([...this.#queues].map((queue) => queue.stop()));
  }
}
