import { randomBytes } from 'node:crypto';
import { eventually } from '@jobstream/test-support';
import { type ConsumerInfo, jetstreamManager, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useEventLog } from '../../testing/openEventLog.ts';
import { openTestQueue } from '../../testing/openTestQueue.ts';

const DAY_MS = 86_400_000;
const GB = 1_073_741_824;
const NANOS_PER_S = 1_000_000_000;

const megabytes = (count: number) => count * 1_048_576;

const on = useEventLog({
  masterKeys: [{ id: 'test', secret: randomBytes(32) }],
  logsRetention: { maxAgeMs: DAY_MS, maxBytes: GB },
  managesConsumers: {},
});
let connection: NatsConnection;
let manager: JetStreamManager;

beforeAll(async () => {
  connection = await connect({ servers: on.nats.url });
  manager = await jetstreamManager(connection);
});
afterAll(() => connection.close());

/** What the server says of a stream that decides how long messages stay, and who can take them away. */
function keepingOf(config: StreamConfig) {
  return {
    storage: config.storage,
    retention: config.retention,
    discard: config.discard,
    ageS: config.max_age / NANOS_PER_S,
    messages: config.max_msgs,
    bytes: config.max_bytes,
    messageBytes: config.max_msg_size,
    ofSubject: config.max_msgs_per_subject,
    ttl: config.allow_msg_ttl === true,
    markerS: (config.subject_delete_marker_ttl ?? 0) / NANOS_PER_S,
    deletable: !config.deny_delete,
    purgeable: !config.deny_purge,
    rollup: config.allow_rollup_hdrs,
    synced: config.persist_mode !== 'async',
  };
}

test('the server keeps the messages of each stream as long as it should', async () => {
  const found: Record<string, ReturnType<typeof keepingOf>> = {};
  for await (const { config } of manager.streams.list()) found[config.name] = keepingOf(config);
  const events = { storage: 'file', retention: 'limits', discard: 'new', ageS: 0, messages: -1, bytes: -1 };
  const kept = { ...events, messageBytes: -1, ofSubject: -1, ttl: false, markerS: 0, rollup: false, synced: true };
  const announced = { ...kept, discard: 'old', ofSubject: 1, ttl: true, markerS: 60, deletable: true, purgeable: true };
  expect(found).toEqual({
    JOBS: { ...kept, deletable: false, purgeable: true },
    KEYS: { ...kept, deletable: true, purgeable: false },
    TIMERS: { ...kept, retention: 'workqueue', discard: 'old', deletable: true, purgeable: true, rollup: true },
    WORKERS: { ...announced, ageS: 12, bytes: megabytes(32), messageBytes: 65_536, synced: false, rollup: true },
    TYPES: { ...announced, bytes: megabytes(64), messageBytes: 131_072, rollup: true },
    LOGS: {
      ...kept,
      discard: 'old',
      ageS: DAY_MS / 1_000,
      bytes: GB,
      deletable: true,
      purgeable: false,
      synced: false,
    },
  });
});

const program = { worker: 'w1', host: 'h', startedAt: new Date().toISOString() };
const announcement = { ...program, type: 'email', limits: { concurrency: 1 } };

test.each([
  ['an announcement', '24h', 'types.email.w1', () => on.log.announcements.announceType(announcement)],
  ['the note that a type was removed', '60s', 'types.email.$settings', () => on.log.announcements.removeType('email')],
  ['the note that a worker was removed', '60s', 'types.$removed.w1', () => on.log.announcements.removeWorker('w1')],
  [
    'how payloads of a type are checked',
    '',
    'types.email.$settings',
    () => on.log.announcements.setPayloadCheck('email', 'warn'),
  ],
])('%s expires after %j', async (_what, ttl, subject, write) => {
  await write();
  const stored = await manager.streams.getMessage('TYPES', { last_by_subj: subject });
  expect(stored?.header.get('Nats-TTL')).toBe(ttl);
});

async function consumers(): Promise<readonly ConsumerInfo[]> {
  const found: ConsumerInfo[] = [];
  for await (const { config } of manager.streams.list()) {
    for await (const info of manager.consumers.list(config.name)) found.push(info);
  }
  return found;
}

test('the consumers of one process go with it, and those of job types and schedules stay', async () => {
  await using _queue = await openTestQueue(on.log, { jobType: 'email' });
  const triggers = await on.log.schedules.openTriggerQueue({ ackWaitMs: 1_000, onTrigger: async () => {} });
  await on.log.announcements.openRegistry();
  await on.log.announcements.openLiveProcesses();
  const feed = on.log.follow({ after: 0 });
  void feed[Symbol.asyncIterator]().next();
  const found = await eventually(async () => {
    const all = await consumers();
    expect(
      all
        .filter(({ config }) => config.durable_name === undefined)
        .map((one) => one.stream_name)
        .toSorted(),
    ).toEqual(['JOBS', 'TYPES', 'WORKERS', 'WORKERS']);
    return all;
  });
  const staying = ['worker-email', 'requeued-email', 'due-email', 'ticks', 'projector-1', 'projector-2', 'projector-3'];
  expect(found.flatMap(({ config }) => config.durable_name ?? [])).toEqual(expect.arrayContaining(staying));
  for (const { config } of found) {
    const isOfProcess = config.durable_name === undefined;
    expect(config.inactive_threshold ?? 0).toBe(isOfProcess ? 60 * NANOS_PER_S : 0);
    expect(config.mem_storage ?? false).toBe(isOfProcess);
  }
  await feed.stop();
  await triggers.stop();
});
