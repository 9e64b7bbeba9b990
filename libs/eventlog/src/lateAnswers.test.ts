import { randomBytes, randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { forEachTest, leftOpenBy, startNats, startWithheldAnswers } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { announced, beating } from '../testing/announced.ts';
import { JobScript } from '../testing/jobScript.ts';
import { openEventLog } from '../testing/openEventLog.ts';
import { openTestQueue } from '../testing/openTestQueue.ts';
import { ScheduleScript } from '../testing/scheduleScript.ts';
import { ensureProcessConsumers } from './queue/consumers/processConsumers.ts';
import { ensureWorkConsumers, removeWorkConsumers } from './queue/consumers/workConsumers.ts';
import type { EventLog } from './eventLog.ts';

/*
 * What the log does has been done when it says so: no operation ends before the answer to any of its requests is there, and none
 * leaves a timer or anything else that goes on.
 */

async function managerAt(url: string) {
  const connection = await connect({ servers: url });
  return { manager: await jetstreamManager(connection), [Symbol.asyncDispose]: () => connection.close() };
}

async function openStage() {
  const opening = new AsyncDisposableStack();
  const nats = opening.use(await startNats());
  const late = opening.use(await startWithheldAnswers(nats.port));
  const { manager } = opening.use(await managerAt(nats.url));
  return { nats, late, manager, [Symbol.asyncDispose]: () => opening.disposeAsync() };
}

const stage = forEachTest(openStage);

const options = {
  masterKeys: [{ id: 'test', secret: randomBytes(32) }],
  logsRetention: { maxAgeMs: 60_000, maxBytes: 1_000_000 },
};

test('the start of a log ends when all streams are there and the clock is known', async () => {
  const start = async () => {
    await using _log = await openEventLog({ url: stage.late.url, ...options });
  };
  const first = await stage.late.withholdEach(async () => {
    for await (const { config } of stage.manager.streams.list()) await stage.manager.streams.delete(config.name);
    await start();
  });
  expect(first).toEqual(
    ['JOBS', 'TIMERS', 'WORKERS', 'TYPES', 'LOGS', 'KEYS']
      .flatMap((stream) => [`$JS.API.STREAM.INFO.${stream}`, `$JS.API.STREAM.CREATE.${stream}`])
      .concat(Array.from({ length: 3 }, () => '$JS.API.STREAM.INFO.TIMERS')), // the server's clock
  );
  let maxBytes = 1_000_000;
  const others = await stage.late.withholdEach(async () => {
    const logsRetention = { maxAgeMs: 60_000, maxBytes: ++maxBytes };
    await using _log = await openEventLog({ url: stage.late.url, ...options, logsRetention });
  });
  expect(others).toContain('$JS.API.STREAM.UPDATE.LOGS');
});

const wake = { jobId: '019ad000-0000-7000-8000-000000000000', jobType: 'email', at: new Date().toISOString() };
const note = { reason: 'why', by: { kind: 'user', id: 'test' }, at: new Date().toISOString() } as const;
const until = new Date(Date.now() + 3_600_000).toISOString();

type Step = (log: EventLog) => Promise<unknown>;

function openedAndStopped(open: (log: EventLog) => Promise<{ stop(): Promise<void> }>): readonly Step[] {
  let opened: { stop(): Promise<void> } | undefined;
  return [async (log) => (opened = await open(log)), async () => opened?.stop()];
}

let script = new ScheduleScript('none');
let job = new JobScript();

const operations: Readonly<Record<string, Step | readonly Step[]>> = {
  'an append': (log) => log.append(new JobScript().create(), 0),
  'an append of many': (log) => log.appendAll([new JobScript().create(), new JobScript().create()]),
  'a timer': (log) => log.scheduleWake(wake),
  'a wake-up': (log) => log.wakeNow(wake),
  'an announcement': (log) => log.announcements.announceType(announced('w1')),
  'a heartbeat': (log) => log.announcements.heartbeat(beating('w1')),
  'the check of payloads': (log) => log.announcements.setPayloadCheck('email', 'refuse'),
  'the removal of a type': (log) => log.announcements.removeType('email'),
  'the removal of a worker': (log) => log.announcements.removeWorker('w1'),
  'a pause and a resume of a type': [
    (log) => log.jobTypes.pause('email', { until, note }),
    (log) => log.jobTypes.resume('email'),
  ],
  'a pause and a resume of all types': [
    (log) => log.jobTypes.pauseAll(['webhook'], { until, note }),
    (log) => log.jobTypes.resumeAll(),
  ],
  'a queue': async (log) => {
    await using _queue = await openTestQueue(log, { jobType: 'email' });
  },
  'the triggers of a schedule': [
    (log) => log.schedules.append((script = new ScheduleScript(`every-${randomUUID()}`)).create(), 0),
    ({ schedules }) => schedules.triggers.reconcile(script.name),
    ({ schedules }) => schedules.triggers.fireAt(script.name, until, until),
    async ({ schedules }) => {
      const { sequence } = await schedules.reader.readEnd(script.name);
      await schedules.append(script.next({ kind: 'DeleteSchedule' }), sequence);
    },
    ({ schedules }) => schedules.triggers.reconcile(script.name),
    ({ schedules }) => schedules.triggers.fireAll(),
    ({ schedules }) => schedules.triggers.fireAllHourly(),
  ],
  'encrypted contents': [
    (log) => log.append((job = new JobScript()).create(), 0),
    (log) => log.readJob(job.jobId),
    (log) => log.readHistory(job.jobId),
    (log) => log.contents.shred(job.jobId),
  ],
  'a purge of the beginning': (log) => log.prefix.purgeBefore(1),
  'a follower that has what it looked for': [
    (log) => log.append(new JobScript().create(), 0),
    async (log) => {
      for await (const _entries of log.follow({ after: 0 })) break;
    },
  ],
  'what is known of the log': [
    (log) => log.append((job = new JobScript()).create(), 0),
    (log) => log.readNext(0, 10),
    (log) => log.readHistory(job.jobId),
    (log) => log.prefix.storedHistory(job.jobId, job.jobType),
    (log) => log.stats.backlog(),
    (log) => log.stats.lag(0),
    (log) => log.checkWritable(),
    (log) => log.jobTypes.list(),
    (log) => log.announcements.announcedTypes(),
    (log) => log.attemptLogs.isAvailable(),
  ],
  'a registry': openedAndStopped((log) => log.announcements.openRegistry()),
  'what lives': openedAndStopped((log) => log.announcements.openLiveProcesses()),
};

test('what changes the consumers of a type', async () => {
  await using _log = await openEventLog({ url: stage.nats.url });
  await using behind = await managerAt(stage.late.url);
  const { manager } = behind;
  let concurrency = 1;
  const settings = () => ({ jobType: 'email', ackWaitMs: 60_000 + ++concurrency, limits: { concurrency } });
  const subjects = await stage.late.withholdEach(
    () => ensureWorkConsumers(manager, settings()),
    () => ensureWorkConsumers(manager, settings()),
    () => removeWorkConsumers(manager, 'email'),
    () => ensureProcessConsumers(manager, { replicas: 1, ackWaitMs: 60_000 }),
    () => ensureProcessConsumers(manager, { replicas: 1, ackWaitMs: 60_000 + concurrency }),
  );
  expect(subjects).toContain('$JS.API.CONSUMER.DELETE.JOBS.worker-email');
});

test.each(Object.entries(operations))('%s', async (_what, steps) => {
  const take = [steps].flat();
  await using log = await openEventLog({ url: stage.late.url, ...options });
  expect(await stage.late.withholdEach(...take.map((step) => () => step(log)))).not.toEqual([]);
  const left = await leftOpenBy(async () => {
    for (const step of take) await step(log);
  });
  expect(left).toEqual([]);
});
