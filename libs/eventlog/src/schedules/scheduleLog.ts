import { decodeScheduleEvent, encodeScheduleEvent, type ScheduleEvent } from '@jobstream/domain';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { AppendRequest } from '../append/appendRequest.ts';
import type { Appender } from '../append/appender.ts';
import type { Connection } from '../connection/connection.ts';
import type { Publisher } from '../connection/publisher.ts';
import type { LogSink } from '../connection/logSink.ts';
import { ensureTriggerConsumer } from '../queue/consumers/processConsumers.ts';
import { subscribeToHints } from '../connection/subscribeToHints.ts';
import { DirectReader } from '../read/directReader.ts';
import { LeaderReader } from '../read/leaderReader.ts';
import { DEFINING_SUBJECTS, scheduleFilter, scheduleSubject } from '../streams/scheduleSubjects.ts';
import { TIMERS_STREAM } from '../streams/streams.ts';
import { ScheduleReader } from './scheduleReader.ts';
import { ScheduleTriggers } from './scheduleTriggers.ts';
import { TriggerQueue, type TriggerQueueOptions } from './triggerQueue.ts';

/** A schedule may have been created, updated or deleted by an event of this version. */
export interface DefinitionHint {
  readonly name: string;
  readonly version: number;
}

export interface ScheduleLogParts {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly publisher: Publisher;
  readonly appender: Appender;
  readonly deadlineMs: number;
  /** Whether the log has replicas, which may lag behind. */
  readonly replicated: boolean;
  /** Whether this process creates the consumer of triggers, or waits for it. */
  readonly createsConsumers: boolean;
  readonly sink: LogSink;
}

/** The schedules of an event log: their events and their triggers. */
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
   * event, 0 for a new name. Rejects with ConcurrentAppendError, LogUnavailableError, LogOverloadedError,
   * EventTooLargeError.
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

  /** Calls back when a schedule may have been created, updated or deleted; returns how to stop. */
  subscribeToDefinitions(onHint: (hint: DefinitionHint) => void): () => void {
    return subscribeToHints(this.#parts.connection.nats, DEFINING_SUBJECTS, (message) => {
      const decoded = decodeScheduleEvent(message.string());
      if (decoded.kind === 'event') onHint({ name: decoded.event.schedule, version: decoded.event.version });
    });
  }

  /** Starts delivering fired triggers. */
  async openTriggerQueue(options: TriggerQueueOptions): Promise<TriggerQueue> {
    const { connection, manager, sink, createsConsumers } = this.#parts;
    if (createsConsumers) await ensureTriggerConsumer(manager, options.ackWaitMs);
    const queue = new TriggerQueue(connection, options, sink);
    this.#queues.add(queue);
    if (createsConsumers) queue.start();
    else await queue.startWhenFound(manager);
    return queue;
  }

  /** Stops the trigger queues. */
  async stop(): Promise<void> {
    await Promise.all([...this.#queues].map((queue) => queue.stop()));
  }
}
