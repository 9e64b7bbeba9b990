import { randomUUID } from 'node:crypto';
import { PROTOCOL_VERSION } from '@jobstream/domain';
import type { JsonSchema, RunningJob, TypeAnnouncement } from '@jobstream/eventlog';
import { eventually } from '@jobstream/test-support';
import { expect } from 'vitest';
import type { TestApi } from './startApi.ts';

export interface AnnouncedWorkerOptions {
  readonly type: string;
  readonly payloadSchema?: JsonSchema;
  readonly resultSchema?: JsonSchema;
  readonly signals?: TypeAnnouncement['signals'];
  readonly version?: string;
  /** Default: now. */
  readonly startedAt?: string;
  /** The version of the worker protocol that it understands; default today's. */
  readonly protocol?: number;
  /** Whether it sends heartbeats; default true. */
  readonly live?: boolean;
  readonly running?: readonly RunningJob[];
  readonly stopping?: boolean;
  readonly limits?: TypeAnnouncement['limits'];
  readonly defaults?: TypeAnnouncement['defaults'];
  readonly blocked?: TypeAnnouncement['blocked'];
  readonly schedule?: TypeAnnouncement['schedule'];
  /** When it ended in order; default: it has not. */
  readonly stoppedAt?: string;
}

/** A worker that announces itself, and runs nothing. */
export interface AnnouncedTestWorker extends AsyncDisposable {
  readonly worker: string;
}

const HEARTBEAT_MS = 3_000;

/** Announces a worker of a type, and returns when the API knows it. It is removed at the end of the test. */
export async function announceWorker(api: TestApi, options: AnnouncedWorkerOptions): Promise<AnnouncedTestWorker> {
  const { type, live = true, running = [], version, stopping, protocol = PROTOCOL_VERSION } = options;
  const { announcements } = api.log;
  const worker = `worker-${randomUUID()}`;
  const startedAt = options.startedAt ?? new Date().toISOString();
  const program = { worker, name: 'tests', host: 'build-7', startedAt, version };
  const beat = () =>
    announcements.heartbeat({
      ...program,
      protocol,
      pid: 4_711,
      runtime: 'tests/1.0.0',
      types: [type],
      stopping,
      runningCount: running.length,
      running,
    });
  await announcements.announceType({ ...program, type, ...settingsOf(options) });
  if (live) await beat();
  const timer = live ? setInterval(() => void beat().catch(() => undefined), HEARTBEAT_MS).unref() : undefined;
  await eventually(async () => expect(await stateOf(worker, api)).toEqual({ live, announced: true }));
  return {
    worker,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await announcements.removeWorker(worker);
      await eventually(async () => expect(await stateOf(worker, api)).toBeUndefined());
    },
  };
}

function settingsOf(options: AnnouncedWorkerOptions) {
  const { limits = { concurrency: 5 }, payloadSchema, resultSchema, signals } = options;
  const { defaults, blocked, schedule, stoppedAt } = options;
  return { limits, payloadSchema, resultSchema, signals, defaults, blocked, schedule, stoppedAt };
}

async function stateOf(worker: string, api: TestApi) {
  const { items } = (await (await api.fetch('/api/workers')).json()) as { items: { worker: string; live: boolean }[] };
  const { live } = items.find((one) => one.worker === worker) ?? {};
  if (live === undefined) return undefined;
  const announced = (await (await api.fetch('/api/types')).text()).includes(worker) || !live;
  return { live, announced };
}
