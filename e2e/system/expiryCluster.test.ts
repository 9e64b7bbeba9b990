import { JobstreamClient } from '@jobstream/client';
import { EventLog } from '@jobstream/eventlog';
import { migrate } from '@jobstream/readmodel';
import { createMigratedDatabase, eventually, scratchDataFolder, type TestNats } from '@jobstream/test-support';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startNodes } from '../chaos/stage/startNodes.ts';
import { agesPass } from '../harness/agesPass.ts';
import { jobsClient } from '../harness/jobsClient.ts';
import { type Services, startServices } from '../harness/startServices.ts';

let nodes: readonly TestNats[];
let services: Services;
let nats: NatsConnection;

beforeEach(async () => {
  nodes = await startNodes(await scratchDataFolder('expiry-cluster'), 3);
  const servers = nodes.map(({ url }) => url);
  const settings = { NATS_URL: servers.join(','), STREAM_REPLICAS: '3', JOBS_MAX_AGE: '2s', HEALTH_PORT: '0' };
  const log = new EventLog({ url: servers.join(','), name: 'migrate', replicas: 3, deadlineMs: 60_000 });
  // Creates the streams; while they choose their leaders nothing else need wait.
  await eventually(() => log.start());
  await log.stop();
  const DATABASE_URL = await createMigratedDatabase(migrate);
  services = await startServices(() => ({ ...settings, DATABASE_URL }));
  nats = await connect({ servers, maxReconnectAttempts: -1 });
});

afterEach(async () => {
  await nats?.close();
  await services?.[Symbol.asyncDispose]();
  for (const node of nodes ?? []) await node[Symbol.asyncDispose]();
});

interface StreamList {
  readonly streams: readonly {
    readonly config: { readonly name: string; readonly num_replicas: number };
    readonly cluster: { readonly leader?: string; readonly replicas?: readonly { readonly current: boolean }[] };
  }[];
}

/** The server that leads the stream JOBS now. */
async function leader(): Promise<TestNats> {
  const answer = await nats.request('$JS.API.STREAM.INFO.JOBS', '', { timeout: 10_000 });
  const { cluster } = answer.json<{ cluster?: { leader?: string } }>();
  const node = nodes[Number(cluster?.leader?.replace('nats-', '')) - 1];
  if (node === undefined) throw new Error('no server leads the log');
  return node;
}

/**
 * Resolves when each copy of each stream is complete again. A server comes back without its copy of WORKERS, which is in
 * memory, and until it has caught up the loss of another leaves that stream without a leader.
 */
async function untilCaughtUp(): Promise<void> {
  await eventually(async () => {
    const answer = await nats.request('$JS.API.STREAM.LIST', '', { timeout: 10_000 });
    for (const { config, cluster } of answer.json<StreamList>().streams) {
      expect(cluster.leader, `leader of ${config.name}`).toBeDefined();
      const current = (cluster.replicas ?? []).filter((replica) => replica.current);
      expect(1 + current.length, `copies of ${config.name}`).toBe(config.num_replicas);
    }
  });
}

test('three servers lose no waiting job while their log is shortened and its leader is killed', async () => {
  const { api } = services;
  const jobs = jobsClient(api);
  const { types } = new JobstreamClient({ url: api });
  await types.pause('sleep');
  const create = (type: string) => jobs.create({ type, payload: { durationMs: 1 } });
  const paused = await Promise.all(Array.from({ length: 10 }, () => create('sleep')));
  const waiting = await Promise.all(Array.from({ length: 10 }, () => create('nobody')));
  await agesPass({ api, nats }, 1);
  for (let time = 0; time < 2; time++) {
    const killed = await eventually(leader);
    await killed.kill('SIGKILL');
    await agesPass({ api, nats }, 1);
    await killed.restart();
    await untilCaughtUp();
  }
  await agesPass({ api, nats }, 1);
  for (const { id } of waiting)
    expect(await jobs.job(id)).toMatchObject({ status: 'pending', payload: { durationMs: 1 } });
  await types.resume('sleep');
  for (const { id } of paused) expect(await jobs.reaches(id, 'completed')).toMatchObject({ attempt: 1 });
}, 2_400_000);
