import { decide, isRejection } from '@jobstream/domain';
import type { JobCommand, JobEvent } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import type { Delivery } from '@jobstream/eventlog';
import { createLogger } from '@jobstream/runtime';
import { eventually, newJob, startNats } from '@jobstream/test-support';
import type { TestNats } from '@jobstream/test-support';
import { expect } from 'vitest';
import { Keeper, type KeeperOptions } from '../src/keeper/keeper.ts';

export const MAX_AGE_MS = 1_000;

type Fields<Command> = Command extends JobCommand ? Omit<Command, 'eventId' | 'at' | 'actor'> : never;

/** A log for one test of its keeper, which mostly waits for messages to age: tests with one each run beside each other. */
export interface KeeperStage extends AsyncDisposable {
  readonly nats: TestNats;
  readonly eventLog: EventLog;
  /** Starts a keeper that takes everything to be archived; it stops with its scope, or with the stage. */
  startKeeper(change?: Partial<KeeperOptions>): Promise<Keeper & AsyncDisposable>;
  /** Creates a job and returns its id. */
  create(jobType: string, data?: object): Promise<string>;
  /** Does to a job what another process might do. */
  act(jobId: string, command: Fields<JobCommand>): Promise<JobEvent>;
  /** Resolves when everything that is in the log now has left it. */
  aged(): Promise<void>;
  /** `['JobCreated', 'JobCarried']`: what the log has of a job. */
  story(jobId: string): Promise<string[]>;
  /** Starts taking deliveries of a job type, and returns those so far. They are never acknowledged. */
  openQueue(jobType: string): Promise<readonly Delivery[]>;
  /** The messages in the stream TIMERS. */
  timers(): Promise<number>;
}

export async function keeperStage(): Promise<KeeperStage> {
  const nats = await startNats();
  const eventLog = new EventLog({ url: nats.url, name: 'test', maxAgeMs: MAX_AGE_MS, deadlineMs: 30_000 });
  await eventLog.start();
  const keepers: Keeper[] = [];
  return {
    nats,
    eventLog,
    async startKeeper(change) {
      const keeper = keeperOf(eventLog, change);
      keepers.push(keeper);
      await keeper.start();
      return Object.assign(keeper, { [Symbol.asyncDispose]: () => keeper.stop() });
    },
    async create(jobType, data = {}) {
      const event = newJob(undefined, jobType);
      await eventLog.append({ ...event, data: { ...event.data, ...data } } as JobEvent, 0);
      return event.jobId;
    },
    act: (jobId, command) => act(eventLog, jobId, command),
    async aged() {
      const last = await eventLog.lastSequence();
      await eventually(async () => expect((await eventLog.messages.span()).first).toBeGreaterThan(last));
    },
    story: async (jobId) => (await eventLog.readHistory(jobId)).map(({ event }) => event.event),
    openQueue: (jobType) => openQueue(eventLog, jobType),
    timers: async () => (await eventLog.stats.backlog()).timers,
    async [Symbol.asyncDispose]() {
      await Promise.all(keepers.map((keeper) => keeper.stop()));
      await eventLog.stop();
      await nats[Symbol.asyncDispose]();
    },
  };
}

function keeperOf(eventLog: EventLog, change: Partial<KeeperOptions> = {}): Keeper {
  return new Keeper({
    eventLog,
    maxAgeMs: MAX_AGE_MS,
    keptElsewhere: () => Promise.resolve(Infinity),
    mayCarry: () => Promise.resolve(true),
    intervalMs: 50,
    logger: createLogger({ service: 'projector', level: 'silent' }),
    ...change,
  });
}

async function act(eventLog: EventLog, jobId: string, command: Fields<JobCommand>): Promise<JobEvent> {
  const snapshot = await eventLog.readJob(jobId);
  const at = new Date().toISOString();
  const envelope = { eventId: crypto.randomUUID(), at, actor: { kind: 'worker', id: 'worker-1' } } as const;
  const decision = decide({ ...envelope, ...command }, snapshot?.job);
  if (isRejection(decision)) throw new Error(decision.detail);
  await eventLog.append(decision, snapshot?.sequence ?? 0);
  return decision;
}

async function openQueue(eventLog: EventLog, jobType: string): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = [];
  const onDelivery = async (delivery: Delivery) => void deliveries.push(delivery);
  await eventLog.openQueue({ jobType, concurrency: 10, ackWaitMs: 30_000, onDelivery });
  return deliveries;
}
