import { describe, expect, test } from 'vitest';
import { cronOf, parseCron } from './cron.ts';
import { nextTicks } from './ticks.ts';

function ticks(cron: string, timeZone: string, after: string, count = 3): string[] {
  const instants = nextTicks({ cron: cronOf(cron), timeZone }, Date.parse(after), count);
  return instants.map((instant) => new Date(instant).toISOString().replace('.000Z', 'Z'));
}

const utc = (cron: string, after: string, count?: number) => ticks(cron, 'UTC', after, count);

describe('a cron expression', () => {
  test.each([
    ['* * * * *', ['2026-01-31T23:59:00Z', '2026-02-01T00:00:00Z']],
    ['* * * * * *', ['2026-01-31T23:58:31Z', '2026-01-31T23:58:32Z']],
    ['*/20 * * * * *', ['2026-01-31T23:58:40Z', '2026-01-31T23:59:00Z']],
    ['5-7,58/1 * * * *', ['2026-01-31T23:59:00Z', '2026-02-01T00:05:00Z']],
    ['30 9 * * mon-FRI', ['2026-02-02T09:30:00Z', '2026-02-03T09:30:00Z']],
    ['0 0 * * 7', ['2026-02-01T00:00:00Z', '2026-02-08T00:00:00Z']],
    ['0 0 * * 6-7', ['2026-02-01T00:00:00Z', '2026-02-07T00:00:00Z']],
    ['0 0 29 feb *', ['2028-02-29T00:00:00Z']],
    ['0 12 31 * ?', ['2026-03-31T12:00:00Z', '2026-05-31T12:00:00Z']],
    ['@yearly', ['2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z']],
    ['@monthly', ['2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z']],
    ['@weekly', ['2026-02-01T00:00:00Z', '2026-02-08T00:00:00Z']],
    ['@daily', ['2026-02-01T00:00:00Z', '2026-02-02T00:00:00Z']],
    ['@hourly', ['2026-02-01T00:00:00Z', '2026-02-01T01:00:00Z']],
  ])('%s', (cron, expected) => {
    expect(utc(cron, '2026-01-31T23:58:30.500Z', expected.length)).toEqual(expected);
  });

  test('that restricts both days ticks on either; with a star in one of them, only the other counts', () => {
    expect(utc('0 0 13 * fri', '2026-02-01T00:00:00Z')).toEqual([
      '2026-02-06T00:00:00Z',
      '2026-02-13T00:00:00Z',
      '2026-02-20T00:00:00Z',
    ]);
    expect(utc('0 0 13 * *', '2026-02-01T00:00:00Z', 1)).toEqual(['2026-02-13T00:00:00Z']);
    expect(utc('0 0 * * fri', '2026-02-01T00:00:00Z', 1)).toEqual(['2026-02-06T00:00:00Z']);
  });

  test('may never tick', () => {
    expect(utc('0 0 30 2 *', '2026-01-01T00:00:00Z')).toEqual([]);
  });

  test.each([
    ['* * * *', 'expected 5 or 6 fields'],
    ['@fortnightly', 'expected 5 or 6 fields'],
    ['constructor', 'expected 5 or 6 fields'],
    ['60 * * * *', 'minute: expected *, numbers from 0 to 59'],
    ['* 24 * * *', 'hour: '],
    ['* * 0 * *', 'day of month: '],
    ['* * * 13 *', 'month: '],
    ['* * * * 8', 'day of week: '],
    ['* * * * funday', 'day of week: expected *, numbers from 0 to 6 or sun to sat'],
    ['5-3 * * * *', 'minute: '],
    ['*/0 * * * *', 'minute: '],
    ['1,,2 * * * *', 'minute: '],
    ['* * L * *', 'day of month: '],
    ['-1 * * * *', 'minute: '],
    ['61 * * * * *', 'second: '],
    [`${'1,'.repeat(124)}1 * * * *`, 'must not be longer than 256 characters'],
  ])('that cannot be read says why: %s', (cron, problem) => {
    expect(parseCron(cron)).toEqual({ problem: expect.stringContaining(problem) as string });
  });

  test('of 256 characters is read', () => {
    const longest = `${'1,'.repeat(123)}01 * * * *`;
    expect(longest).toHaveLength(256);
    expect(parseCron(longest)).not.toHaveProperty('problem');
  });
});

describe('@every', () => {
  test('counts from 1970, so that everyone agrees without a start', () => {
    expect(utc('@every 90m', '2026-01-01T00:00:00Z')).toEqual([
      '2026-01-01T01:30:00Z',
      '2026-01-01T03:00:00Z',
      '2026-01-01T04:30:00Z',
    ]);
    expect(utc('@every 1h30m', '2026-01-01T00:00:31Z', 1)).toEqual(['2026-01-01T01:30:00Z']);
    expect(ticks('@every 30s', 'Europe/Berlin', '2026-01-01T00:00:00Z', 1)).toEqual(['2026-01-01T00:00:30Z']);
  });

  test.each(['@every', '@every 0s', '@every 500ms', '@every 1.5s', '@every -1h', '@every 5', '@every 9000h'])(
    '%s is refused',
    (cron) => {
      expect(parseCron(cron)).toEqual({ problem: expect.stringContaining('@every takes whole hours') as string });
    },
  );
});

// What the cron schedules of nats-server 2.15.1 do at the same places.
describe('in a time zone', () => {
  test('the wall clock counts, summer and winter', () => {
    expect(ticks('0 9 * * *', 'America/New_York', '2026-03-07T00:00:00Z', 2)).toEqual([
      '2026-03-07T14:00:00Z',
      '2026-03-08T13:00:00Z',
    ]);
    expect(ticks('0 0 1 * *', 'Asia/Kolkata', '2026-01-15T00:00:00Z', 1)).toEqual(['2026-01-31T18:30:00Z']);
  });

  test('a time that is left out when the clock is put forward does not tick', () => {
    expect(ticks('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00:00Z')).toEqual([
      '2026-03-28T01:30:00Z',
      '2026-03-30T00:30:00Z',
      '2026-03-31T00:30:00Z',
    ]);
    expect(ticks('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:30:00Z', 2)).toEqual([
      '2026-03-29T01:00:00Z',
      '2026-03-29T01:30:00Z',
    ]);
  });

  test('a time that is repeated when the clock is put back ticks twice', () => {
    expect(ticks('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z')).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:30:00Z',
      '2026-10-26T01:30:00Z',
    ]);
    expect(ticks('15 2 25 10 *', 'Europe/Berlin', '2026-10-25T00:30:00Z', 1)).toEqual(['2026-10-25T01:15:00Z']);
  });

  test('that changes by half an hour, or at midnight, no time is lost', () => {
    expect(ticks('*/15 1-2 * * *', 'Australia/Lord_Howe', '2026-10-03T15:00:00Z', 5)).toEqual([
      '2026-10-03T15:15:00Z',
      '2026-10-03T15:30:00Z',
      '2026-10-03T15:45:00Z',
      '2026-10-04T14:00:00Z',
      '2026-10-04T14:15:00Z',
    ]);
    expect(ticks('0 12 * * *', 'Asia/Beirut', '2026-03-28T12:00:00Z', 1)).toEqual(['2026-03-29T09:00:00Z']);
  });
});
