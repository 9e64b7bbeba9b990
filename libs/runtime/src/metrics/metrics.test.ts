import { expect, test } from 'vitest';
import { boundedLabel } from './metrics.ts';
import { cachedFor } from './metrics.ts';
import { Metrics } from './metrics.ts';

test('a metric is shown with its help, its type and its values', async () => {
  const metrics = new Metrics();
  metrics.counter({ name: 'jobstream_cups_total', help: 'Cups.', labels: ['size'] }).inc({ size: 'large' }, 2);
  expect(await metrics.text()).toBe(
    '# HELP jobstream_cups_total Cups.\n# TYPE jobstream_cups_total counter\njobstream_cups_total{size="large"} 2\n',
  );
});

test('two instances keep separate metrics', async () => {
  const [first, second] = [new Metrics(), new Metrics()];
  first.counter({ name: 'jobstream_cups_total', help: 'Cups.' }).inc();
  second.counter({ name: 'jobstream_cups_total', help: 'Cups.' });
  expect(await second.text()).toContain('jobstream_cups_total 0\n');
});

test('a collected gauge drops the values of the previous scrape', async () => {
  const rooms = ['kitchen', 'hall'];
  const metrics = new Metrics();
  metrics.gauge({
    name: 'jobstream_room',
    help: 'A room.',
    labels: ['name'],
    collect: (gauge) => gauge.set({ name: rooms.pop() ?? '' }, 1),
  });
  expect(await metrics.text()).toContain('jobstream_room{name="hall"} 1');
  const again = await metrics.text();
  expect(again).toContain('jobstream_room{name="kitchen"} 1');
  expect(again).not.toContain('hall');
});

test('a collected gauge without a value is not shown', async () => {
  const metrics = new Metrics();
  metrics.gauge({ name: 'jobstream_room', help: 'A room.', collect: () => undefined });
  expect(await metrics.text()).not.toMatch(/^jobstream_room/m);
});

test('concurrent scrapes share one collection', async () => {
  let times = 0;
  const metrics = new Metrics();
  metrics.gauge({ name: 'jobstream_room', help: 'A room.', collect: (gauge) => gauge.set(++times) });
  const [one, other] = await Promise.all([metrics.text(), metrics.text()]);
  expect(one).toBe(other);
  expect(await metrics.text()).toContain('jobstream_room 2');
});

test('the process metrics are shown if they are enabled', async () => {
  expect(await new Metrics().watchProcess().text()).toContain('process_cpu_seconds_total');
});

test('a bounded label keeps the first values and maps the others to one', () => {
  const bounded = boundedLabel(2);
  expect(['email', 'fax', 'sleep', 'email', 'webhook', 'fax'].map(bounded)).toEqual([
    'email',
    'fax',
    'other',
    'email',
    'other',
    'fax',
  ]);
});

test('a cached value is read once within its time, and again after it', async () => {
  let asked = 0;
  const kept = cachedFor(60_000, () => Promise.resolve(++asked));
  expect(await Promise.all([kept(), kept()])).toEqual([1, 1]);
  expect(await kept()).toBe(1);
  const forgotten = cachedFor(0, () => Promise.resolve(++asked));
  expect([await forgotten(), await forgotten()]).toEqual([2, 3]);
});
