import assert from 'node:assert/strict';
import { decodeJobDefaults } from '@jobstream/domain';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Scenario } from '../scenario.ts';
import {
  createAnnouncementStreams,
  deleteAnnouncementStreams,
  readAnnouncement,
} from '../testbed/announcementStreams.ts';
import type { Testbed } from '../testbed/testbed.ts';
import type { Heartbeat } from '../testbed/wireTap.ts';

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
/** The server removes a heartbeat that is older. */
const HEARTBEAT_AGE_MS = 12_000;

const VALID_PAYLOADS = [
  { do: 'succeed' },
  { do: 'succeed', result: [1, null] },
  { do: 'fail', times: 1 },
  { do: 'reject' },
  { do: 'sleep', ms: 0 },
  { do: 'progress', steps: 3 },
];
const INVALID_PAYLOADS = [{}, [], 'succeed', { do: 'juggle' }, { do: 'sleep' }, { do: 'sleep', ms: 'long' }];

/** What a worker says of itself and of its job type. */
export const announcementScenarios: readonly Scenario[] = [
  {
    name: 'announcement',
    title: 'announces its job type for a day, with a schema of its payloads, and settings that jobs may have',
    async run(testbed) {
      await testbed.startWorker({ concurrency: 3 });
      const { subject, headers, body } = await testbed.eventually(() => readAnnouncement(testbed.connection));
      assert.equal(headers['nats-ttl'], '24h', 'the header Nats-TTL of the announcement');
      assert.deepEqual([body['v'], body['type']], [1, 'conformance'], 'v and type');
      assert.deepEqual(body['limits'], { concurrency: 3 }, 'limits');
      checkIdentity(subject, body);
      const { worker, workerVersion } = await startOfAJob(testbed);
      assert.equal(body['worker'], worker, 'it announces itself by the name in its events');
      assert.equal(workerVersion, body['version'], 'each attempt has the version that it announces');
      checkSchema(body['payloadSchema']);
      checkDefaults(body['defaults']);
    },
  },
  {
    name: 'presence',
    title: 'reports every few seconds that it lives, and what it runs',
    async run(testbed) {
      await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'sleep', ms: 9_000 });
      const [, started] = await testbed.reaches(jobId, 'processing');
      assert.ok(started?.event === 'JobStarted');
      const run = { jobId, type: 'conformance', attempt: 1, runId: started.id };
      await testbed.eventually(async () => {
        const running = testbed.tap.heartbeats.map(({ body }) => [body['runningCount'], runsWithoutStart(body)]);
        assert.ok(
          running.some((found) => JSON.stringify(found) === JSON.stringify([1, [run]])),
          `the running job in a heartbeat, as ${JSON.stringify([1, [run]])}; there were ${JSON.stringify(running)}`,
        );
      });
      await testbed.reaches(jobId, 'completed');
      await testbed.eventually(async () => checkIdle(testbed.tap.heartbeats.at(-1)));
      checkHeartbeats(testbed.tap.heartbeats, started.data.worker);
    },
  },
  {
    name: 'stopping',
    title: 'says that it stops when it is asked to end, and that it has ended',
    async run(testbed) {
      const worker = await testbed.startWorker();
      const jobId = await testbed.createJob({ do: 'sleep', ms: 2_000 });
      await testbed.reaches(jobId, 'processing');
      await testbed.eventually(async () => assert.ok(testbed.tap.heartbeats.length > 0, 'a heartbeat'));
      const before = testbed.tap.heartbeats.filter(({ body }) => body['stopping'] === true);
      assert.deepEqual(before, [], 'no heartbeat says that it stops before it does');
      await worker.terminate();
      await testbed.connection.flush();
      const last = testbed.tap.heartbeats.at(-1)?.body;
      assert.equal(last?.['stopping'], true, `the last heartbeat says that it stops: ${JSON.stringify(last)}`);
      const { body } = await readAnnouncement(testbed.connection);
      assert.match(String(body['stoppedAt']), RFC_3339, 'stoppedAt in its announcement once it has ended');
    },
  },
  {
    name: 'unannounced',
    title: 'works where nobody takes its announcements, and announces later when the streams are there',
    async run(testbed) {
      await deleteAnnouncementStreams(testbed.connection);
      await testbed.startWorker();
      await testbed.reaches(await testbed.createJob({ do: 'succeed' }), 'completed');
      await createAnnouncementStreams(testbed.connection);
      await testbed.eventually(() => readAnnouncement(testbed.connection));
    },
  },
];

/** Returns what the worker says of itself when it starts an attempt. */
async function startOfAJob(testbed: Testbed) {
  const [, started] = await testbed.reaches(await testbed.createJob({ do: 'succeed' }), 'completed');
  assert.ok(started?.event === 'JobStarted');
  return started.data;
}

function checkIdentity(subject: string, body: Heartbeat['body']): void {
  const worker = String(body['worker']);
  const token = worker.replaceAll(/[^A-Za-z0-9_-]/gu, '-');
  assert.equal(subject.split('.').at(-1), token, 'the last token of the subject is the name of the worker');
  assert.ok(typeof body['host'] === 'string' && body['host'] !== '', 'host');
  assert.match(String(body['startedAt']), RFC_3339, 'startedAt');
}

function checkHeartbeats(heartbeats: readonly Heartbeat[], worker: string): void {
  for (const [index, { subject, body, at }] of heartbeats.entries()) {
    assert.equal(body['v'], 1, 'v');
    assert.equal(body['worker'], worker, 'it beats by the name in its events');
    assert.deepEqual(body['types'], ['conformance'], 'types');
    assert.ok(Number.isInteger(body['pid']), 'pid');
    checkIdentity(subject, body);
    for (const { startedAt } of runsOf(body)) assert.match(String(startedAt), RFC_3339, 'startedAt of a run');
    const gapMs = at - (heartbeats[index - 1]?.at ?? at);
    assert.ok(gapMs < HEARTBEAT_AGE_MS, `${Math.round(gapMs)} ms between two heartbeats`);
  }
}

function checkIdle(heartbeat: Heartbeat | undefined): void {
  assert.deepEqual(
    [heartbeat?.body['runningCount'], heartbeat?.body['running']],
    [0, []],
    'no run in a heartbeat after its end',
  );
}

function runsOf(body: Heartbeat['body']): readonly Readonly<Record<string, unknown>>[] {
  assert.ok(Array.isArray(body['running']), 'running is a list');
  return body['running'] as Readonly<Record<string, unknown>>[];
}

/** The runs of a heartbeat in one order of their fields. */
function runsWithoutStart(body: Heartbeat['body']): readonly object[] {
  return runsOf(body).map(({ jobId, type, attempt, runId }) => ({ jobId, type, attempt, runId }));
}

/** A worker without a definition announces none. */
function checkDefaults(defaults: unknown): void {
  if (defaults === undefined) return;
  const decoded = decodeJobDefaults(defaults);
  assert.ok('defaults' in decoded, `defaults that a job may have: ${JSON.stringify(decoded)}`);
}

function checkSchema(schema: unknown): void {
  assert.ok(typeof schema === 'object' && schema !== null, 'payloadSchema');
  const accepts = new Ajv2020({ strict: false }).compile(schema);
  for (const payload of VALID_PAYLOADS) assert.ok(accepts(payload), `payloadSchema accepts ${JSON.stringify(payload)}`);
  for (const payload of INVALID_PAYLOADS)
    assert.ok(!accepts(payload), `payloadSchema refuses ${JSON.stringify(payload)}`);
}
