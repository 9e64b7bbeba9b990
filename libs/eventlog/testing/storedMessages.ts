import type { JobEvent, ScheduleEvent } from '@jobstream/domain';
import { eventually, startNats } from '@jobstream/testing';
import { jetstreamManager, type JetStreamManager, type StoredMsg } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { EventLog } from '../src/eventLog.ts';
import { JOBS_STREAM, TIMERS_STREAM } from '../src/streams/streams.ts';
import { JobScript } from './jobScript.ts';
import { openEventLog } from './openEventLog.ts';
import { ScheduleScript } from './scheduleScript.ts';

export interface StoredMessage {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const later = '2100-01-01T00:00:00.000Z';
const past = '2020-01-01T00:00:00.000Z';

/** Every kind of message that an event log stores, as a server of its own has it. */
export async function storedMessages(): Promise<readonly StoredMessage[]> {
  await using nats = await startNats();
  await using log = await openEventLog({ url: nats.url, traceparent: () => traceparent });
  for (const { events } of jobScripts()) await appendJob(log, events);
  await log.appendAll([new JobScript(), new JobScript()].map((script) => script.create({ idempotencyKey: 'k' })));
  await appendSchedule(log, scheduleScript().events);
  await setTimers(log);
  const connection = await connect({ servers: nats.url });
  try {
    const manager = await jetstreamManager(connection);
    await eventually(async () => {
      const due = await manager.streams.getMessage(TIMERS_STREAM, { last_by_subj: 'timers.due.email' });
      if (due === null) throw new Error('the timer has not fired');
    });
    return [...(await messagesIn(manager, JOBS_STREAM)), ...(await messagesIn(manager, TIMERS_STREAM))];
  } finally {
    await connection.close();
  }
}

function jobScripts(): readonly JobScript[] {
  const [released, retried, failed] = [new JobScript(), new JobScript(), new JobScript()];
  released.create();
  released.start();
  released.next({ kind: 'ReportProgress', attempt: 1, percent: 50 });
  released.next({ kind: 'ReleaseAttempt', attempt: 1, reason: 'shutdown' });
  retried.create({ runAt: past });
  retried.start();
  retried.fail();
  retried.start();
  retried.complete({ done: true });
  failed.create({ maxAttempts: 1 });
  failed.start();
  failed.fail();
  failed.next({ kind: 'RequeueJob' });
  failed.next({ kind: 'CancelJob', reason: 'enough' });
  return [released, retried, failed];
}

function scheduleScript(): ScheduleScript {
  const script = new ScheduleScript('nightly');
  script.create();
  script.update({ cron: '@hourly' });
  script.tick();
  script.next({ kind: 'DeleteSchedule' });
  return script;
}

async function appendJob(log: EventLog, events: readonly JobEvent[]): Promise<void> {
  let sequence = 0;
  for (const event of events) sequence = await log.append(event, sequence);
}

async function appendSchedule(log: EventLog, events: readonly ScheduleEvent[]): Promise<void> {
  let sequence = 0;
  for (const event of events) sequence = await log.schedules.append(event, sequence);
}

async function setTimers(log: EventLog): Promise<void> {
  const { triggers } = log.schedules;
  const berlin = new ScheduleScript('berlin');
  berlin.create({ cron: '0 3 * * *', timeZone: 'Europe/Berlin' });
  await appendSchedule(log, berlin.events);
  await triggers.reconcile('berlin');
  await triggers.fireAt('berlin', later, later);
  await triggers.fireAll();
  await triggers.fireAllHourly();
  for (const at of [later, past]) await log.scheduleWake({ jobId: new JobScript().jobId, jobType: 'email', at });
}

async function messagesIn({ streams }: JetStreamManager, stream: string): Promise<StoredMessage[]> {
  const { state } = await streams.info(stream);
  const messages: StoredMessage[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const stored = await streams.getMessage(stream, { seq }).catch(() => null);
    if (stored !== null) messages.push(messageOf(stored));
  }
  return messages;
}

function messageOf(stored: StoredMsg): StoredMessage {
  const headers = Object.fromEntries((stored.header.keys() ?? []).map((name) => [name, stored.header.get(name)]));
  return { subject: stored.subject, headers, body: stored.json() };
}
