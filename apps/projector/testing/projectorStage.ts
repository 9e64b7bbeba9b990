import { EventLog } from '@jobstream/eventlog';
import { migrate, ReadModel } from '@jobstream/readmodel';
import { createMigratedDatabase, eventually, newJob, queryDatabase, startNats } from '@jobstream/test-support';
import type { TestNats } from '@jobstream/test-support';
import { expect } from 'vitest';

/** A log and a read model for one test of a projector between them. */
export interface ProjectorStage extends AsyncDisposable {
  readonly nats: TestNats;
  readonly eventLog: EventLog;
  readonly databaseUrl: string;
  readonly readModel: ReadModel;
  /** Appends the creation of a job; `change` may make the event invalid. Returns the job's id. */
  createJob(change?: Record<string, unknown>): Promise<string>;
  /** Resolves when the job is in the table. */
  projected(jobId: string): Promise<void>;
  /** Resolves when everything in the log is projected. */
  projectedAll(): Promise<void>;
  /** Queries the database as a user of psql would. */
  sql<Row extends object>(text: string): Promise<Row[]>;
}

export async function projectorStage(): Promise<ProjectorStage> {
  const [nats, databaseUrl] = await Promise.all([startNats(), createMigratedDatabase(migrate)]);
  const eventLog = new EventLog({ url: nats.url, name: 'test', deadlineMs: 30_000 });
  await eventLog.start();
  const readModel = new ReadModel({ databaseUrl, name: 'test', queryMs: 30_000 });
  return {
    nats,
    eventLog,
    databaseUrl,
    readModel,
    async createJob(change = {}) {
      const event = { ...newJob(undefined, 'email'), ...change };
      await eventLog.append(event, 0);
      return event.jobId;
    },
    projected: (jobId) => eventually(async () => expect(await readModel.findJob(jobId)).toBeDefined()),
    projectedAll: () => projectedAll(eventLog, readModel),
    sql: (text) => queryDatabase(databaseUrl, text),
    async [Symbol.asyncDispose]() {
      await readModel.stop();
      await eventLog.stop();
      await nats[Symbol.asyncDispose]();
    },
  };
}

async function projectedAll(eventLog: EventLog, readModel: ReadModel): Promise<void> {
  const end = await eventually(() => eventLog.lastSequence()); // on a busy machine the server may be late
  const reached = async () => expect((await readModel.readCheckpoint())?.lastSequence).toBeGreaterThanOrEqual(end);
  await eventually(reached);
}
