import { Metrics } from '@jobstream/runtime';
import { eventually, startTcpProxy } from '@jobstream/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { projectionMetrics } from './projectionMetrics.ts';
import { projectorStage } from '../../testing/projectorStage.ts';
import type { ProjectorStage } from '../../testing/projectorStage.ts';
import { startProjector } from '../../testing/startProjector.ts';

let stage: ProjectorStage;

beforeEach(async () => {
  stage = await projectorStage();
});

afterEach(() => stage[Symbol.asyncDispose]());

/** A projector with metrics of its own; what it tells about itself is asked with the name of a metric. */
async function startMeasured(databaseUrl = stage.databaseUrl) {
  const metrics = new Metrics();
  const { eventLog } = stage;
  const observer = projectionMetrics(metrics, eventLog);
  const projector = await startProjector({ eventLog, databaseUrl, observer });
  const value = async (name: string) => new RegExp(`^jobstream_${name} (\\S+)$`, 'm').exec(await metrics.text())?.[1];
  const shows = (name: string, wanted: string | undefined) =>
    eventually(async () => expect(await value(name)).toBe(wanted), { timeoutMs: 40_000 });
  return { ...projector, value, shows };
}

test('what is projected is counted by event, what is put aside as well, and at the end there is no lag', async () => {
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

test('a projector that stands by is not active and says nothing about a lag', async () => {
  await using first = await startMeasured();
  await first.shows('projector_active', '1');
  await using second = await startMeasured();
  await second.shows('projector_active', '0');
  expect(await second.value('projector_lag_events')).toBeUndefined();
});

test('while the table cannot be written the lag grows, in events and in age', async () => {
  const url = new URL(stage.databaseUrl);
  await using proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  await using projector = await startMeasured(url.href);
  await stage.projected(await stage.createJob());
  await proxy.cut();
  await stage.createJob();
  await stage.createJob();
  await projector.shows('projector_lag_events', '2');
  expect(Number(await projector.value('projector_lag_seconds'))).toBeGreaterThan(0);
  expect(await projector.value('projector_active')).toBe('0');
  expect(Number(await projector.value('projection_interruptions_total'))).toBeGreaterThan(0);
  await proxy.heal();
  await projector.shows('projector_lag_events', '0');
});
