import { eventually, startNats } from '@jobstream/test-support';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ScheduleStage, schedulerContext, sharedStage, startScheduler } from '../../testing/scheduleStage.ts';
import { Scheduler } from './scheduler.ts';

const { nats, stage } = await sharedStage();
let name: string;
let names = 0;

const armed = async () => (await stage.eventLog.schedules.triggers.names()).includes(name);
const tickCount = async () => (await stage.ticks(name)).length;

describe('a schedule', () => {
  beforeEach(() => {
    name = `schedule-${++names}`;
  });

  /** A schedule that fires every second would disturb the other tests. */
  afterEach(async () => {
    await stage.act(name, { kind: 'DeleteSchedule' });
    await stage.eventLog.schedules.triggers.reconcile(name);
  });

  test('creates a job from its template at each tick', async () => {
    await using _scheduler = await startScheduler(nats.url);
    await stage.create(name, { catchUp: { policy: 'all', limit: 100 } });
    await eventually(async () => expect(await tickCount()).toBeGreaterThan(1));
    const [job, next] = await stage.jobs(name);
    const [tick = '', nextTick = ''] = await stage.ticks(name);
    expect(job).toMatchObject({
      jobType: 'unhandled',
      version: 1,
      actor: { kind: 'scheduler', id: name },
      causationId: `${name}@${tick}`,
      data: { payload: { from: 'a schedule' }, maxAttempts: 1, tags: ['planned', `schedule:${name}`] },
    });
    expect(job?.jobId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab]/);
    expect(next?.jobId).not.toBe(job?.jobId);
    expect(Date.parse(nextTick) - Date.parse(tick)).toBe(1_000);
    const recorded = async () => (await stage.records(name)).flatMap(({ jobIds }) => jobIds).slice(0, 2);
    await eventually(async () => expect(await recorded()).toEqual([job?.jobId, next?.jobId]));
  });

  test('that exists already when a worker starts gets its trigger then', async () => {
    await stage.create(name);
    expect(await armed()).toBe(false);
    await using _scheduler = await startScheduler(nats.url);
    await eventually(async () => expect(await armed()).toBe(true));
    await eventually(async () => expect(await tickCount()).toBeGreaterThan(0));
  });

  test('is checked once an hour', async () => {
    await stage.create(name);
    const asked = vi.spyOn(stage.eventLog.schedules.triggers, 'fireAllHourly');
    const { eventLog } = stage;
    const scheduler = new Scheduler({ ...schedulerContext(eventLog), eventLog, ackWaitMs: 1_000 });
    await scheduler.start();
    await eventually(() => expect(asked).toHaveBeenCalledOnce());
    await scheduler.stop();
  });

  test('that was disabled while no worker ran loses its trigger when a worker starts', async () => {
    await stage.create(name);
    await stage.eventLog.schedules.triggers.reconcile(name);
    await stage.update(name, { enabled: false });
    expect(await armed()).toBe(true);
    await using _scheduler = await startScheduler(nats.url);
    await eventually(async () => expect(await armed()).toBe(false));
  });

  test('gets and loses its trigger when it changes, without a restart', async () => {
    await using _scheduler = await startScheduler(nats.url);
    await stage.create(name);
    await eventually(async () => expect(await armed()).toBe(true));
    await stage.update(name, { enabled: false });
    await eventually(async () => expect(await armed()).toBe(false));
    await stage.update(name);
    await eventually(async () => expect(await armed()).toBe(true));
  });

  test('with @every ticks at whole periods, whenever its trigger was set', async () => {
    await using _scheduler = await startScheduler(nats.url);
    await stage.create(name, { cron: '@every 2s' });
    await eventually(async () => expect(await tickCount()).toBeGreaterThan(1));
    for (const tick of await stage.ticks(name)) expect(Date.parse(tick) % 2_000).toBe(0);
  });
});

test('a worker that was disconnected from the log finds the ticks that were missed meanwhile', async () => {
  await using server = await startNats();
  await using own = await ScheduleStage.open(server.url);
  await own.create('sentinel', { cron: '@yearly', catchUp: { policy: 'latest', limit: 1 } }, Date.UTC(2020, 0, 2));
  await using _scheduler = await startScheduler(server.url);
  // After the firing at the start of the scheduler, nothing fires before the next tick, half an hour away.
  await eventually(async () => expect(await own.ticks('sentinel')).toHaveLength(1));
  const lastTick = new Date(Math.floor(Date.now() / 1_000) * 1_000 - 1_800_000);
  const cron = `${lastTick.getUTCSeconds()} ${lastTick.getUTCMinutes()} * * * *`;
  await own.create('missed', { cron, catchUp: { policy: 'all', limit: 9 } }, lastTick.getTime() - 3_601_000);
  expect(await own.ticks('missed')).toEqual([]);
  await server.restart();
  await eventually(async () => expect(await own.ticks('missed')).toHaveLength(2));
});
