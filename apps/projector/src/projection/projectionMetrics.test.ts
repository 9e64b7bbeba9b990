import type { JobEvent } from '@jobstream/domain';
import { Metrics } from '@jobstream/runtime';
import { eventually, forEachTest, newJob, startDatabaseProxy } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { projectionMetrics, unreadableJobsGauge } from './projectionMetrics.ts';
import { projectorStage } from '../../testing/projectorStage.ts';
import { startProjector } from '../../testing/startProjector.ts';

const stage = forEachTest(projectorStage);

/** Starts a projector with metrics of its own, which are read by name. */
async function startMeasured(databaseUrl = stage.databaseUrl) {
  const metrics = new Metrics();
  const { eventLog } = stage;
  const observer = projectionMetrics(metrics, eventLog);
  const projector = await startProjector({ eventLog, databaseUrl, observer });
  const value = async (name: string) => new RegExp(`^jobstream_${name} (\\S+)$`, 'm').exec(await metrics.text())?.[1];
  const shows = (name: string, wanted: string | undefined) =>
    eventually(async () => expect(await value(name)).toBe(wanted));
  return { ...projector, value, shows };
}

test('projected events are counted by name, quarantined messages as well, and at the end there is no lag', async () => {
  await stage.createJob();
  await stage.createJob();
  await stage.createJob({ data: { payload: 1 } });
  await using projector = await startMeasured();
  await stage.projected(await stage.createJob());
  await projector.shows('projected_events_total{event="JobCreated"}', '3');
  await projector.shows('projector_lag_events', '0');
  expect(await projector.value('quarantined_messages_total')).toBe('1');
  expect(await projector.value('projector_lag_seconds')).toBe('0');
  expect(await projector.value('projector_active')).toBe('1');
});

test('jobs with events of a newer release are counted, and noted where the process is ready', async () => {
  const metrics = new Metrics();
  unreadableJobsGauge(metrics, stage.readModel);
  expect(await metrics.text()).toContain('jobstream_unreadable_jobs 0');
  expect(await stage.readModel.noteOnUnreadableJobs()).toBeUndefined();
  await using _projector = await startProjector(stage);
  const marked = await stage.createJob();
  const started = { ...newJob(undefined, 'email'), v: 2, event: 'JobStarted', jobId: marked, version: 2 };
  await stage.eventLog.append(started as unknown as JobEvent, 1);
  await stage.createJob({ v: 2 });
  await stage.projectedAll();
  expect(await stage.readModel.noteOnUnreadableJobs()).toBe(
    '2 jobs have events that only a newer release can read, and wait for it',
  );
  await eventually(async () => expect(await metrics.text()).toContain('jobstream_unreadable_jobs 2'));
});

test('a standby projector is not active and reports no lag', async () => {
  await using first = await startMeasured();
  await first.shows('projector_active', '1');
  await using second = await startMeasured();
  await second.shows('projector_active', '0');
  expect(await second.value('projector_lag_events')).toBeUndefined();
});

test('while the table cannot be written the lag grows, in events and in age', async () => {
  await using proxy = await startDatabaseProxy(stage.databaseUrl);
  await using projector = await startMeasured(proxy.url);
  await stage.projected(await stage.createJob());
  await proxy.cut();
  await stage.createJob();
  await stage.createJob();
  await projector.shows('projector_lag_events', '2');
  // The lag is known before the projector has noticed that its connection is gone.
  await eventually(async () => {
    expect(Number(await projector.value('projector_lag_seconds'))).toBeGreaterThan(0);
    expect(await projector.value('projector_active')).toBe('0');
    expect(Number(await projector.value('projection_interruptions_total'))).toBeGreaterThan(0);
  });
  await proxy.heal();
  await projector.shows('projector_lag_events', '0');
});
