import { isCreation, type JobEvent } from '@jobstream/domain';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { Announcements } from './announcements/announcements.ts';
import { AttemptLogs } from './attemptLogs/attemptLogs.ts';
import { Appender } from './append/appender.ts';
import { AppendLimiter } from './append/appendLimiter.ts';
import { BatchAppender } from './append/batchAppender.ts';
import type { ReachedPosition } from './append/reachedPosition.ts';
import type { Connection } from './connection/connection.ts';
import type { ServerClock } from './connection/serverClock.ts';
import { ConsumerManager } from './queue/consumers/consumerManager.ts';
import type { EventLogOptions } from './eventLogOptions.ts';
import { ContentSealer } from './sealing/contentSealer.ts';
import { JobKeys } from './sealing/jobKeys.ts';
import { LogStorage } from './storage/logStorage.ts';
import { DirectReader } from './read/directReader.ts';
import { ExpiredEvents } from './read/expiredEvents.ts';
import { JobReader } from './read/jobReader.ts';
import { JobTypeControl } from './queue/jobTypeControl.ts';
import type { OpenQueue } from './queue/jobQueueOptions.ts';
import { Lanes, laneOfCall } from './queue/lanes.ts';
import { LeaderReader } from './read/leaderReader.ts';
import { LogMessages } from './read/directReader.ts';
import { LogPrefix } from './expiry/logPrefix.ts';
import { LogStats } from './queue/logStats.ts';
import type { LogSink } from './connection/logSink.ts';
import { Publisher } from './connection/publisher.ts';
import { ScheduleLog } from './schedules/scheduleLog.ts';
import {
  announcementSettings,
  ensureJobsStream,
  ensureStream,
  type ExpiryRule,
  KEYS_STREAM,
  LOGS_STREAM,
  keysSettings,
  replicasOf,
  streamSettings,
  TIMERS_STREAM,
} from './streams/streams.ts';
import { ensureLogsStream } from './streams/logsStream.ts';
import { TimerScheduler } from './timers/timerScheduler.ts';
import { UniqueClaims } from './unique/uniqueClaims.ts';
import { WriteHealth } from './append/writeHealth.ts';

const DEADLINE_MS = 4_000;
const ASK_TIME_MS = 2_000;
const MAX_PENDING = 20_000;
/** An eighth of a pod of 512 MiB: beside each body the request, its text and its parsed form are in memory. */
const MAX_PENDING_BYTES = 64_000_000;
/** The share of the deadline after which a single publish times out, so that there is time to settle it and try again. */
const PUBLISH_TIMEOUT_SHARE = 0.4;
/** Long enough that few requests wait for the deadline, short enough for outages that end by themselves. */
const PRESUME_WRITABLE_AFTER_MS = 15_000;

/** The parts of a connected event log. */
export interface EventLogParts {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly publisher: Publisher;
  readonly appender: Appender;
  readonly batches: BatchAppender;
  readonly reader: JobReader;
  readonly messages: LogMessages;
  readonly prefix: LogPrefix;
  readonly contents: ContentSealer;
  readonly expired: ExpiredEvents | undefined;
  readonly timers: TimerScheduler;
  readonly schedules: ScheduleLog;
  readonly jobTypes: JobTypeControl;
  readonly lanes: Lanes;
  readonly consumers: ConsumerManager;
  /** Whether followers and queues create their consumers, instead of waiting for those that the manager creates. */
  readonly createsConsumers: boolean;
  readonly stats: LogStats;
  readonly announcements: Announcements;
  readonly writeHealth: WriteHealth;
  readonly storage: LogStorage;
  readonly attemptLogs: AttemptLogs;
  readonly unique: UniqueClaims;
}

/** Creates or checks the streams, and builds the parts that use them; rejects as `ensureStream` does. */
export async function buildParts(
  connection: Connection,
  options: EventLogOptions & { readonly reached: ReachedPosition },
  sink: LogSink,
  clock: ServerClock,
): Promise<EventLogParts> {
  const { deadlineMs = DEADLINE_MS, maxPending = MAX_PENDING, maxPendingBytes = MAX_PENDING_BYTES } = options;
  const writeHealth = writeHealthOf(connection, options);
  const manager = await jetstreamManager(connection.nats, { checkAPI: false, timeout: DEADLINE_MS });
  const { replicas, rule } = await prepareStreams(manager, options, sink);
  const publisher = new Publisher(connection, deadlineMs * PUBLISH_TIMEOUT_SHARE);
  const limiter = new AppendLimiter({ maxPending, maxPendingBytes });
  const appending = { deadlineMs, limiter, observer: writeHealth, reached: options.reached };
  const appender = new Appender(connection, publisher, { groupCommit: options.groupCommit ?? true, ...appending });
  const core = { connection, manager, publisher, appender };
  const direct = new DirectReader(connection, deadlineMs);
  const messages = new LogMessages(manager, direct);
  const expired = expiredEventsOf(options, rule, { messages, clock });
  const leader = new LeaderReader(connection);
  const reader = new JobReader({ direct, expired, leader: replicas > 1 ? leader : undefined, deadlineMs });
  const keys = await jobKeysOf(options, { ...core, deadlineMs, replicas });
  const contents = new ContentSealer(keys);
  return {
    ...core,
    ...partsWithConsumers(core, { ...options, deadlineMs, replicas }, sink),
    contents,
    attemptLogs: new AttemptLogs({ ...core, contents, direct: new DirectReader(connection, deadlineMs, LOGS_STREAM) }),
    unique: new UniqueClaims({ ...core, keys, leader, deadlineMs }),
    writeHealth,
    batches: new BatchAppender(connection, publisher, appending),
    reader,
    prefix: new LogPrefix({ manager, direct, reader, rule, clock, maxAgeMs: options.maxAgeMs ?? 0 }),
    timers: new TimerScheduler(publisher, deadlineMs, clock),
    jobTypes: new JobTypeControl(manager),
    messages,
    expired,
    stats: new LogStats(manager, direct),
    storage: new LogStorage({ monitorUrls: options.monitorUrls ?? [], storeDir: options.storeDir }),
  };
}

function writeHealthOf(connection: Connection, { observer }: EventLogOptions): WriteHealth {
  return new WriteHealth(connection, { observer, presumeWritableAfterMs: PRESUME_WRITABLE_AFTER_MS });
}

type Core = Pick<EventLogParts, 'connection' | 'manager' | 'publisher' | 'appender'>;

/** Builds the manager of consumers, and the announcements, which tell it which types need them. */
function partsWithConsumers(
  core: Core,
  options: EventLogOptions & { readonly deadlineMs: number; readonly replicas: number },
  sink: LogSink,
): Pick<EventLogParts, 'consumers' | 'createsConsumers' | 'lanes' | 'schedules' | 'announcements'> {
  const { managesConsumers, deadlineMs, replicas } = options;
  const createsConsumers = managesConsumers !== undefined || core.connection.isAnonymous;
  const consumers = new ConsumerManager({ manager: core.manager, sink, replicas, ...managesConsumers });
  return {
    consumers,
    createsConsumers,
    lanes: new Lanes({ ...core, createsConsumers }),
    schedules: new ScheduleLog({ ...core, deadlineMs, replicated: replicas > 1, createsConsumers, sink }),
    announcements: new Announcements({
      ...core,
      sink,
      createsConsumers,
      onHandledTypes: (registry) => consumers.onHandledTypes(registry),
    }),
  };
}

/** Creates or checks the streams, unless they are to be used as they are. */
async function prepareStreams(
  manager: JetStreamManager,
  options: EventLogOptions,
  sink: LogSink,
): Promise<{ readonly replicas: number; readonly rule: ExpiryRule }> {
  const { createStreams = true, replicas = 1, maxAgeMs = 0 } = options;
  if (!createStreams) return { replicas: await replicasOf(manager), rule: { kind: 'kept' } };
  const [jobs, timers] = streamSettings(replicas);
  const rule = await ensureJobsStream(manager, jobs, maxAgeMs);
  await ensureStream(manager, timers);
  await ensureAnnouncementStreams(manager, replicas, sink);
  await ensureAttemptLogs(manager, options, sink);
  return { replicas, rule };
}

/** Announcements are hints: a log without them, as an older release or older permissions leave it, starts as well. */
async function ensureAnnouncementStreams(manager: JetStreamManager, replicas: number, sink: LogSink): Promise<void> {
  for (const settings of announcementSettings(replicas)) {
    try {
      await ensureStream(manager, settings);
    } catch (error) {
      const { message } = error as Error;
      sink.warn({ stream: settings.name, reason: message }, 'workers and job types stay unknown');
    }
  }
}

/** So are log lines; and where this user may not change the stream, the one that is there is used. */
async function ensureAttemptLogs(
  manager: JetStreamManager,
  { logsRetention }: EventLogOptions,
  sink: LogSink,
): Promise<void> {
  if (logsRetention === undefined) return;
  try {
    await ensureLogsStream(manager, logsRetention);
  } catch (error) {
    const { message } = error as Error;
    sink.warn({ stream: LOGS_STREAM, reason: message }, 'the stream of log lines was not created or changed');
  }
}

function expiredEventsOf(
  { archive }: EventLogOptions,
  rule: ExpiryRule,
  { messages, clock }: { readonly messages: LogMessages; readonly clock: ServerClock },
): ExpiredEvents | undefined {
  return archive === undefined ? undefined : new ExpiredEvents({ archive, messages, rule, clock });
}

type KeysCore = Pick<EventLogParts, 'connection' | 'manager' | 'publisher'> & {
  readonly deadlineMs: number;
  readonly replicas: number;
};

/** Returns undefined where contents are not encrypted; then the stream KEYS is not needed. */
async function jobKeysOf(
  { masterKeys = [], createStreams = true }: EventLogOptions,
  core: KeysCore,
): Promise<JobKeys | undefined> {
  const [first, ...others] = masterKeys;
  if (first === undefined) return undefined;
  if (createStreams) await ensureStream(core.manager, keysSettings(core.replicas));
  const leader = new LeaderReader(core.connection, KEYS_STREAM);
  return new JobKeys({ ...core, leader, masterKeys: [first, ...others] });
}

/** Returns the event as it is to be stored; not a promise where nothing is looked up or encrypted. */
export function prepare(event: JobEvent, parts: EventLogParts): JobEvent | Promise<JobEvent> {
  const { expired, contents, lanes } = parts;
  const isChecked = expired !== undefined && isCreation(event);
  if (!isChecked && laneOfCall(event) === undefined) return contents.seal(event);
  const checked = isChecked ? expired.assertNew([event]) : Promise.resolve();
  return checked.then(() => lanes.openFor([event])).then(() => contents.seal(event));
}

/** Begins to create the consumers of job types, and those of their lanes for processes that may not. */
export function serveConsumers({ consumers, lanes }: EventLogParts, sink: LogSink): void {
  consumers.start();
  lanes.serve(sink);
}

/** Ends what may wait for the server, in the order in which the parts use each other. */
export async function finishParts(
  { consumers, schedules, announcements, appender, batches }: EventLogParts,
  queues: Iterable<OpenQueue>,
): Promise<void> {
  await consumers.stop();
  await Promise.all([...queues].map((queue) => queue.stop()));
  await announcements.stop();
  await schedules.stop();
  await Promise.all([appender.stop(), batches.stop()]);
}

/** Returns the time of the leader of TIMERS in milliseconds since 1970, NaN if the stream is missing. */
export async function serverTime({ nats }: Connection): Promise<number> {
  const answer = await nats.request(`$JS.API.STREAM.INFO.${TIMERS_STREAM}`, '', { timeout: ASK_TIME_MS });
  const { ts = '', error } = answer.json<{ readonly ts?: string; readonly error?: object }>();
  return error === undefined ? Date.parse(ts) : Number.NaN;
}
