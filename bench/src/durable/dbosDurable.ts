import { setTimeout as pause } from 'node:timers/promises';
import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';
import { Client } from 'pg';
import { startPostgres } from '../servers/startPostgres.ts';
import { type Closable, type DurableClient, type DurableSystem, GIVE_UP_MS } from './durableSystem.ts';

const APPLICATION = 'bench';
const QUEUE = 'bench';
const TOPIC = 'approved';
/** One connection for each job that runs; with 10, the default, it drained a twentieth less. */
const CONNECTIONS = 50;
/** How soon a queue is looked at again; by default a second, in which no more jobs start than run at once. */
const POLLING_MS = 10;
/** Ten minutes, the time limit of a wait, which DBOS always has. */
const TIMEOUT_SECONDS = 600;
const LOOK_EVERY_MS = 20;

export const dbosDurable: DurableSystem = {
  name: 'DBOS',
  serve: startPostgres,
  work,
  connect,
};

async function work(address: string, concurrency: number): Promise<Closable> {
  DBOS.registerWorkflow(steps, { name: 'steps' });
  DBOS.registerWorkflow(approval, { name: 'approval' });
  DBOS.setConfig({
    name: APPLICATION,
    systemDatabaseUrl: address,
    systemDatabasePoolSize: CONNECTIONS,
    logLevel: 'error',
  });
  await DBOS.launch();
  await DBOS.registerQueue(QUEUE, { workerConcurrency: concurrency, minPollingIntervalMs: POLLING_MS });
  return { close: () => DBOS.shutdown() };
}

async function steps(): Promise<void> {
  await DBOS.runStep(doNothing, { name: 'one' });
  await DBOS.runStep(doNothing, { name: 'two' });
  await DBOS.runStep(doNothing, { name: 'three' });
}

function doNothing(): Promise<void> {
  return Promise.resolve();
}

async function approval(): Promise<void> {
  const got = await DBOS.recv(TOPIC, { timeoutSeconds: TIMEOUT_SECONDS });
  if (got === null) throw new Error('no signal came');
}

async function connect(address: string): Promise<DurableClient> {
  const client = await DBOSClient.create({
    systemDatabaseUrl: address,
    systemDatabasePoolSize: CONNECTIONS,
    applicationName: APPLICATION,
  });
  const database = new Client({ connectionString: address });
  await database.connect();
  return {
    enqueue: async (job) => (await client.enqueue({ queueName: QUEUE, workflowName: job })).workflowID,
    untilWaiting: (ids) => untilAll(database, ids, WAITING),
    signal: (id) => client.send(id, { by: 'ada' }, TOPIC),
    async untilCompleted(ids) {
      await untilAll(database, ids, COMPLETED);
      const now = performance.timeOrigin + performance.now();
      return ids.length === 1 ? now : Math.min(now, await lastCompleted(database, ids));
    },
    writes: () => number(database, 'SELECT pg_snapshot_xmax(pg_current_snapshot())::text::float8 AS value', []),
    async close() {
      await client.destroy();
      await database.end();
    },
  };
}

const COMPLETED =
  "SELECT workflow_uuid AS id FROM dbos.workflow_status WHERE workflow_uuid = ANY($1) AND status = 'SUCCESS'";
/** Until when it waits is stored before it waits. */
const WAITING =
  "SELECT workflow_uuid AS id FROM dbos.operation_outputs WHERE workflow_uuid = ANY($1) AND function_name = 'DBOS.sleep'";
const LAST = 'SELECT max(completed_at)::float8 AS value FROM dbos.workflow_status WHERE workflow_uuid = ANY($1)';

/** Looks at few jobs at a time, so that looking costs little. One job alone is looked at again at once, since its time is measured so. */
async function untilAll(database: Client, ids: readonly string[], sql: string): Promise<void> {
  const deadline = performance.now() + GIVE_UP_MS;
  let open = ids;
  while (open.length > 0) {
    const some = open.slice(0, 50);
    const { rows } = await database.query<{ id: string }>(sql, [some]);
    const done = new Set(rows.map(({ id }) => id));
    open = open.filter((id) => !done.has(id));
    if (performance.now() > deadline) throw new Error(`${open.length} of ${ids.length} workflows are not so far`);
    if (ids.length > 1 && done.size < some.length) await pause(LOOK_EVERY_MS);
  }
}

/** DBOS stores when each completed, on the clock of the same machine; without it each look would count. */
function lastCompleted(database: Client, ids: readonly string[]): Promise<number> {
  return number(database, LAST, [ids]);
}

async function number(database: Client, sql: string, values: readonly unknown[]): Promise<number> {
  const { rows } = await database.query<{ value: number | null }>(sql, [...values]);
  return rows[0]?.value ?? Number.NaN;
}
