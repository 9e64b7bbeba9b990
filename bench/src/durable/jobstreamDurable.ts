import { randomUUID } from 'node:crypto';
import { defineJob } from '@jobstream/client';
import { decide, isRejection } from '@jobstream/domain';
import { decideAgain, EventLog } from '@jobstream/eventlog';
import { newJob } from '@jobstream/test-support';
import { createWorker } from '@jobstream/worker';
import { startNats } from '../servers/startNats.ts';
import { serveWithTable } from '../systems/jobstream/serveWithTable.ts';
import { type Closable, type DurableClient, type DurableSystem, GIVE_UP_MS } from './durableSystem.ts';

/** Takes any value. */
const anything = {
  '~standard': { version: 1, vendor: 'bench', validate: (value: unknown) => ({ value }) },
} as const;

/** The log alone: nats-server, and what the worker and the client append. */
export const jobstreamDurable: DurableSystem = {
  name: 'Jobstream',
  serve: (folder) => startNats(folder, 'fsync'),
  work,
  connect,
};

/** The same with the projector beside it, which keeps the queryable table of jobs in Postgres. */
export const jobstreamDurableWithTable: DurableSystem = {
  ...jobstreamDurable,
  name: 'Jobstream with table',
  serve: (folder) => serveWithTable(folder, 'fsync'),
};

async function work(address: string, concurrency: number): Promise<Closable> {
  const worker = createWorker({ natsUrl: natsUrlOf(address), concurrency });
  worker.handle(defineJob('steps', { payload: anything }), async (_, { step }) => {
    await step('one', () => {});
    await step('two', () => {});
    await step('three', () => {});
  });
  worker.handle(defineJob('approval', { payload: anything, signals: { approved: anything } }), async (_, ctx) => {
    await ctx.waitFor('approval', 'approved');
  });
  await worker.start();
  return { close: () => worker.stop() };
}

async function connect(address: string): Promise<DurableClient> {
  const log = new EventLog({ url: natsUrlOf(address), name: 'bench' });
  await log.start();
  const seen = new SeenJobs();
  const feed = log.follow({ after: await log.lastSequence() });
  const following = (async () => {
    for await (const entries of feed)
      for (const entry of entries) if (entry.kind === 'event') seen.note(entry.event.event, entry.event.jobId);
  })();
  return {
    async enqueue(job) {
      const event = newJob({}, job);
      await log.append(event, 0);
      return event.jobId;
    },
    async untilWaiting(ids) {
      await seen.until('JobSuspended', ids);
    },
    signal: (id) => signal(log, id),
    untilCompleted: (ids) => seen.until('JobCompleted', ids),
    writes: () => log.lastSequence(),
    async close() {
      await feed.stop();
      await following;
      await log.stop();
    },
  };
}

/** As the API does it: reads the job, decides, and appends. */
function signal(log: EventLog, id: string): Promise<void> {
  return decideAgain(async () => {
    const snapshot = await log.readJob(id, 'approval');
    if (snapshot === undefined) throw new Error(`there is no job ${id}`);
    const event = decide(
      {
        kind: 'SignalJob',
        name: 'approved',
        payload: { by: 'ada' },
        eventId: randomUUID(),
        at: new Date().toISOString(),
        actor: { kind: 'api', id: 'bench' },
      },
      snapshot.job,
    );
    if (isRejection(event)) throw new Error(event.detail);
    await log.append(event, snapshot.sequence);
  });
}

/** The address of the servers names Postgres too where there is a table. */
function natsUrlOf(address: string): string {
  return address.split(' ')[0] ?? '';
}

/** Which events of which jobs the log has had. */
class SeenJobs {
  readonly #seen = new Map<string, Map<string, number>>();
  readonly #waits = new Set<() => void>();

  note(event: string, id: string): void {
    const ids = this.#seen.get(event) ?? new Map<string, number>();
    this.#seen.set(event, ids.set(id, performance.timeOrigin + performance.now()));
    for (const look of this.#waits) look();
  }

  /** Resolves when all jobs have had the event, with when the last was seen. */
  async until(event: string, ids: readonly string[]): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    let next = 0;
    const look = () => {
      const times = this.#seen.get(event);
      while (next < ids.length && times?.has(ids[next] ?? '')) next += 1;
      if (next === ids.length) resolve(Math.max(...ids.map((id) => times?.get(id) ?? 0)));
    };
    const timer = setTimeout(() => reject(new Error(`${ids.length - next} jobs have no ${event}`)), GIVE_UP_MS);
    this.#waits.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waits.delete(look);
    });
  }
}
