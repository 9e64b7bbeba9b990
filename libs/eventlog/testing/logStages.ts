import { setImmediate as turn } from 'node:timers/promises';
import { eventually, startNats } from '@jobstream/test-support';
import type { Timers } from '../src/connection/processTimers.ts';
import { EventLog } from '../src/eventLog.ts';
import { MemoryEventLog } from '../src/memory/memoryEventLog.ts';
import { MemoryServer } from '../src/memory/memoryServer.ts';
import { VirtualClock } from '../src/memory/virtualClock.ts';

/** What every event log has, on a server or in memory. */
export type AnyLog = Pick<
  EventLog,
  | 'append'
  | 'appendAll'
  | 'readJob'
  | 'readHistory'
  | 'lastSequence'
  | 'follow'
  | 'scheduleWake'
  | 'wakeNow'
  | 'openQueue'
  | 'subscribeToCancellations'
  | 'onReconnected'
  | 'contents'
  | 'stop'
>;

/** A server for tests that hold for every event log. */
export interface LogStage {
  /** The event log of a process of its own. */
  connect(): Promise<AnyLog>;
  /** The time of the log, in milliseconds since 1970. */
  readonly now: () => number;
  /** Where the time is virtual: what else has to be in it. */
  readonly timers?: Timers;
  /** Waits until an assertion holds; where the time is virtual, it passes meanwhile. */
  readonly until: (assertion: () => unknown) => Promise<void>;
  stop(): Promise<void>;
}

/** Steps of a wait in virtual time, each up to the next timer. */
const MOST_STEPS = 10_000;

/** The kinds of event log, and how a stage of each is opened. */
export const logStages: readonly (readonly [name: string, open: () => Promise<LogStage>])[] = [
  ['in memory', openMemoryStage],
  ['on a real server', openRealStage],
];

async function openMemoryStage(): Promise<LogStage> {
  const server = new MemoryServer(new VirtualClock(Date.now()));
  const logs: AnyLog[] = [];
  return {
    connect: async () => {
      const log = new MemoryEventLog(server);
      logs.push(log);
      return log;
    },
    now: () => server.clock.now(),
    timers: server.clock,
    until: (assertion) => passUntil(assertion, server.clock),
    stop: async () => void (await Promise.all(logs.map((log) => log.stop()))),
  };
}

async function passUntil(assertion: () => unknown, clock: VirtualClock): Promise<void> {
  for (let steps = 0; ; steps++) {
    // Everything that needs no time has happened after some turns.
    for (let turns = 0; turns < 3; turns++) await turn();
    try {
      await assertion();
      return;
    } catch (error) {
      if (steps === MOST_STEPS || clock.nextAt === undefined) throw error;
    }
    clock.runNext(clock.nextAt);
  }
}

async function openRealStage(): Promise<LogStage> {
  const nats = await startNats();
  const logs: EventLog[] = [];
  const connect = async () => {
    const log = new EventLog({ url: nats.url, name: 'test', deadlineMs: 30_000 });
    await log.start();
    logs.push(log);
    return log;
  };
  return {
    connect,
    // The server is on this machine; what a process knows of its time may be wrong by half a round trip.
    now: () => Date.now(),
    until: async (assertion) => void (await eventually(assertion)),
    stop: async () => {
      await Promise.all(logs.map((log) => log.stop()));
      await nats.stop();
    },
  };
}
