import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { Appender } from './appender.ts';
import { BatchAppender } from './batchAppender.ts';
import type { Connection } from './connection.ts';
import type { EventLogOptions } from './eventLogOptions.ts';
import { DirectReader } from './directReader.ts';
import { ForgottenEvents } from './forgottenEvents.ts';
import { JobReader } from './jobReader.ts';
import { JobTypeControl } from './jobTypeControl.ts';
import { LeaderReader } from './leaderReader.ts';
import { LogMessages } from './logMessages.ts';
import { LogMeter } from './logMeter.ts';
import { type LogSink } from './logSink.ts';
import { Publisher } from './publisher.ts';
import { ScheduleLog } from './scheduleLog.ts';
import { ensureStream, streamSettings } from './streams.ts';
import { WakeScheduler } from './wakeScheduler.ts';
import { WriteHealth } from './writeHealth.ts';

const DEADLINE_MS = 4_000;
const MAX_WAITING = 20_000;
/** Part of the deadline after which a single publish counts as unanswered, so that there is time to look and try again. */
const PUBLISH_TIMEOUT_SHARE = 0.4;
/** Long enough not to let every request wait for the deadline, short enough for an outage that ends by itself. */
const DOUBT_MS = 15_000;

/** What an event log is made of once it is connected. */
export interface EventLogParts {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly publisher: Publisher;
  readonly appender: Appender;
  readonly batches: BatchAppender;
  readonly reader: JobReader;
  readonly messages: LogMessages;
  readonly forgotten: ForgottenEvents | undefined;
  readonly wakes: WakeScheduler;
  readonly schedules: ScheduleLog;
  readonly jobTypes: JobTypeControl;
  readonly meter: LogMeter;
  readonly writeHealth: WriteHealth;
}

/** Creates the streams or checks them, and builds what works on them: StreamMismatchError, LogUnavailableError. */
export async function buildParts(
  connection: Connection,
  options: EventLogOptions,
  sink: LogSink,
): Promise<EventLogParts> {
  const { replicas = 1, maxAgeMs = 0, groupCommit = true } = options;
  const { deadlineMs = DEADLINE_MS, maxWaiting = MAX_WAITING } = options;
  const writeHealth = new WriteHealth(connection, { observer: options.observer, doubtMs: DOUBT_MS });
  const manager = await jetstreamManager(connection.nats, { checkAPI: false, timeout: DEADLINE_MS });
  for (const settings of streamSettings({ replicas, maxAgeMs })) await ensureStream(manager, settings);
  const publisher = new Publisher(connection, deadlineMs * PUBLISH_TIMEOUT_SHARE);
  const appender = new Appender(connection, publisher, {
    groupCommit,
    deadlineMs,
    maxWaiting,
    observer: writeHealth,
  });
  const core = { connection, manager, publisher, appender };
  const direct = new DirectReader(connection, deadlineMs);
  const messages = new LogMessages(manager, direct);
  const { archive } = options;
  const forgotten = archive === undefined ? undefined : new ForgottenEvents({ archive, messages, maxAgeMs });
  return {
    ...core,
    writeHealth,
    batches: new BatchAppender(connection, publisher, { deadlineMs, maxWaiting, observer: writeHealth }),
    reader: new JobReader({
      direct,
      forgotten,
      leader: replicas > 1 ? new LeaderReader(connection) : undefined,
      deadlineMs,
    }),
    wakes: new WakeScheduler(publisher, deadlineMs),
    schedules: new ScheduleLog({ ...core, deadlineMs, replicated: replicas > 1, sink }),
    jobTypes: new JobTypeControl(manager),
    messages,
    forgotten,
    meter: new LogMeter(manager, direct),
  };
}
