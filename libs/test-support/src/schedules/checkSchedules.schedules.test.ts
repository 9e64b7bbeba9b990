import { setTimeout as pause } from 'node:timers/promises';
import { constant, sample, scheduler } from 'fast-check';
import { expect, test } from 'vitest';
import { checkSchedules } from './checkSchedules.ts';
import { Schedule } from './schedule.ts';

const newSchedule = () => sample(scheduler(), 1).map((order) => new Schedule(order))[0] ?? expect.fail();

test('points and timers happen one at a time, in each order that there can be', async () => {
  const orders = new Set<string>();
  const record = async (schedule: Schedule) => {
    const order: string[] = [];
    const both = [schedule.point('point').then(() => order.push('point')), pause(5).then(() => order.push('timer'))];
    await schedule.until(Promise.all(both));
    await schedule.untilNothingIsLeft();
    orders.add(order.join(', '));
  };
  await checkSchedules(constant(undefined), record, { SCHEDULES_SECONDS: '0.2' });
  expect(orders).toEqual(new Set(['point, timer', 'timer, point']));
});

test('time passes only from timer to timer, and passes again as it does when the schedule is over', async () => {
  {
    using schedule = newSchedule();
    const begun = performance.now();
    await schedule.until(pause(3_600_000 / 10));
    expect(Math.abs(performance.now() - begun - 360_000)).toBeLessThan(5);
  }
  await pause(1);
});

test('timers are early and late by a millisecond or two, and time passes between two looks at the clock', async () => {
  using schedule = newSchedule();
  const late: number[] = [];
  for (let round = 0; round < 20; round++) {
    const begun = performance.now();
    expect(performance.now()).toBeGreaterThan(begun);
    await schedule.until(pause(100));
    late.push(performance.now() - begun - 100);
  }
  expect(late.filter((ms) => ms < 0).length).toBeGreaterThan(2);
  expect(late.filter((ms) => ms > 0).length).toBeGreaterThan(2);
  expect(Math.max(...late.map(Math.abs))).toBeLessThan(5);
});

test('what waits for nothing is an error', async () => {
  using schedule = newSchedule();
  await expect(schedule.until(new Promise(() => undefined))).rejects.toThrow('waits for nothing');
  const timer = setInterval(() => undefined, 10_000);
  await expect(schedule.until(new Promise(() => undefined))).rejects.toThrow('waits for nothing, in vain');
  await expect(schedule.untilNothingIsLeft()).rejects.toThrow('something is left');
  clearInterval(timer);
});

async function race(schedule: Schedule): Promise<void> {
  let first = '';
  const named = (name: string) => schedule.point(name).then(() => (first ||= name));
  await schedule.until(Promise.all([named('a'), named('b')]));
  if (first === 'b') throw new Error('b was first');
}

test('a failure names the seed that reproduces it', async () => {
  await expect(checkSchedules(constant(undefined), race)).rejects.toThrow(/seed: -?\d+, path: "\d+/);
});
