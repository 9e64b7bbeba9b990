import { describe, expect, test } from 'vitest';
import { planTicks as planTrigger } from './planTicks.ts';
import type { CatchUp, Schedule, ScheduleDefinition } from './schedule.ts';
import { scheduleAfter } from '../../testing/schedule/givenSchedule.ts';
import { createSchedule, recordTicks, updateSchedule } from '../../testing/schedule/scheduleCommands.ts';

const at = (time: string) => `2026-03-01T${time}Z`;
const minutes = (...list: number[]) => list.map((minute) => at(`12:0${minute}:00.000`));

/** A schedule that last ticked at noon. */
function ticking(policy: CatchUp['policy'], fields: Partial<ScheduleDefinition> = {}, limit = 100): Schedule {
  const created = createSchedule({ catchUp: { policy, limit }, ...fields });
  return scheduleAfter(created, recordTicks(at('12:00:00.000'))) as Schedule;
}

/** The plan for a trigger that fired for all schedules, or with `isForOne` for this one. */
const planTicks = (schedule: Schedule, firedAt: string, isForOne = false) =>
  planTrigger(schedule, { firedAt, isForOne });

describe('a tick on time', () => {
  test.each(['skip', 'latest', 'all'] as const)('gets its job, whatever the policy: %s', (policy) => {
    const plan = { tickAt: at('12:01:00.000'), fire: minutes(1), skipped: 0 };
    expect(planTicks(ticking(policy), at('12:01:00.100'))).toEqual(plan);
    expect(planTicks(ticking(policy), at('12:01:02.000'))).toEqual(plan);
  });

  test('is dealt with once: a second trigger for it finds nothing', () => {
    const done = scheduleAfter(createSchedule(), recordTicks(at('12:01:00.000'))) as Schedule;
    expect(planTicks(done, at('12:01:00.100'))).toBeUndefined();
    expect(planTicks(done, at('12:00:00.100'))).toBeUndefined();
  });

  test('that the server passed over, a second before another one, is on time as well', () => {
    const everySecond = ticking('skip', { cron: '* * * * * *' });
    expect(planTicks(everySecond, at('12:00:02.010'))).toEqual({
      tickAt: at('12:00:02.000'),
      fire: [at('12:00:01.000'), at('12:00:02.000')],
      skipped: 0,
    });
  });

  test('may have its trigger stored late, behind those of many schedules of the same second', () => {
    const plan = { tickAt: at('12:01:00.000'), fire: minutes(1), skipped: 0 };
    expect(planTicks(ticking('skip'), at('12:01:02.001'), true)).toEqual(plan);
    expect(planTicks(ticking('skip'), at('12:01:30.000'), true)).toEqual(plan);
    expect(planTicks(ticking('skip'), at('12:01:30.001'), true)).toMatchObject({ fire: [], skipped: 1 });
    expect(planTicks(ticking('skip'), at('12:01:02.001'))).toMatchObject({ fire: [], skipped: 1 });
  });

  test('has no others with it that a late trigger was not for', () => {
    const everyTenSeconds = ticking('skip', { cron: '*/10 * * * * *' });
    const plan = { tickAt: at('12:00:20.000'), fire: [at('12:00:20.000')], skipped: 1 };
    expect(planTicks(everyTenSeconds, at('12:00:25.000'), true)).toEqual(plan);
  });

  test('is not due a moment before its time', () => {
    expect(planTicks(ticking('all'), at('12:00:59.999'))).toBeUndefined();
  });
});

describe('a cron of every minute after five minutes in which everything stood still', () => {
  const firedAt = at('12:05:30.000');
  const tickAt = at('12:05:00.000');

  test('skip: none of the missed ticks gets a job', () => {
    expect(planTicks(ticking('skip'), firedAt)).toEqual({ tickAt, fire: [], skipped: 5 });
  });

  test('latest: the newest one does', () => {
    expect(planTicks(ticking('latest'), firedAt)).toEqual({ tickAt, fire: minutes(5), skipped: 4 });
  });

  test('all: every one of the five does', () => {
    expect(planTicks(ticking('all'), firedAt)).toEqual({ tickAt, fire: minutes(1, 2, 3, 4, 5), skipped: 0 });
  });

  test('all with a limit: the newest ones do', () => {
    expect(planTicks(ticking('all', {}, 2), firedAt)).toEqual({ tickAt, fire: minutes(4, 5), skipped: 3 });
  });

  test('one that is on time again counts beside the missed ones', () => {
    const onTime = at('12:05:00.200');
    expect(planTicks(ticking('skip'), onTime)).toEqual({ tickAt, fire: minutes(5), skipped: 4 });
    expect(planTicks(ticking('latest'), onTime)).toEqual({ tickAt, fire: minutes(5), skipped: 4 });
    expect(planTicks(ticking('all', {}, 2), onTime)).toEqual({ tickAt, fire: minutes(3, 4, 5), skipped: 2 });
  });
});

describe('what does not count', () => {
  test('ticks before the schedule existed', () => {
    const created = scheduleAfter(createSchedule({ catchUp: { policy: 'all', limit: 9 } }, at('12:02:30.000')));
    expect(planTicks(created as Schedule, at('12:04:30.000'))?.fire).toEqual(minutes(3, 4));
  });

  test('ticks of the time when it was disabled, and none while it is', () => {
    const catchUp = { policy: 'all', limit: 9 } as const;
    const paused = [createSchedule({ catchUp }), updateSchedule({ catchUp, enabled: false }, at('12:00:30.000'))];
    expect(planTicks(scheduleAfter(...paused) as Schedule, at('12:04:30.000'))).toBeUndefined();
    const resumed = scheduleAfter(...paused, updateSchedule({ catchUp }, at('12:03:30.000')));
    expect(planTicks(resumed as Schedule, at('12:04:30.000'))?.fire).toEqual(minutes(4));
  });

  test('ticks of the cron that it had before', () => {
    const catchUp = { policy: 'all', limit: 9 } as const;
    const changed = scheduleAfter(
      createSchedule({ catchUp, cron: '@hourly' }, at('12:00:30.000')),
      updateSchedule({ catchUp }, at('12:03:30.000')),
    );
    expect(planTicks(changed as Schedule, at('12:04:30.000'))?.fire).toEqual(minutes(4));
  });
});

test('a year of missed seconds is counted up to ten thousand, and the newest ones are taken', () => {
  const everySecond = ticking('all', { cron: '* * * * * *' }, 3);
  const fire = ['05', '06', '07'].map((second) => `2027-03-01T12:00:${second}.000Z`);
  expect(planTicks(everySecond, '2027-03-01T12:00:09.900Z')).toMatchObject({
    tickAt: '2027-03-01T12:00:09.000Z',
    fire: [...fire, '2027-03-01T12:00:08.000Z', '2027-03-01T12:00:09.000Z'],
    skipped: 9_995,
  });
});

test('in a time zone the missed ticks are those of its wall clock', () => {
  const daily = ticking('all', { cron: '30 2 * * *', timeZone: 'Europe/Berlin' });
  expect(planTicks(daily, '2026-03-31T12:00:00.000Z')?.fire.slice(-3)).toEqual([
    '2026-03-28T01:30:00.000Z',
    '2026-03-30T00:30:00.000Z',
    '2026-03-31T00:30:00.000Z',
  ]);
});
