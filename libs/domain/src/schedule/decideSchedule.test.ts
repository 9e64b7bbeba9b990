import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRejection } from '../messages/commandContext.ts';
import { decideSchedule, type ScheduleCommand } from './decideSchedule.ts';
import { evolveSchedule, foldSchedule } from './evolveSchedule.ts';
import type { ScheduleState } from './schedule.ts';
import type { ScheduleEvent } from './scheduleEvent.ts';
import { eventsOf, given, scheduleAfter } from '../../testing/schedule/givenSchedule.ts';
import {
  CREATED_AT,
  JOB_ID,
  NAME,
  createSchedule,
  definition,
  deleteSchedule,
  ofTenant,
  recordTicks,
  updateSchedule,
} from '../../testing/schedule/scheduleCommands.ts';

const LATER = '2026-03-01T00:05:30.000Z';

describe('a schedule', () => {
  test('is created with all that defines it, and its ticks count from then on', () => {
    const happened = given().when(createSchedule());
    expect(happened).toEqual({
      event: 'ScheduleCreated',
      version: 1,
      data: { ...definition(), ticksFrom: CREATED_AT },
      schedule: {
        name: NAME,
        ...definition(),
        version: 1,
        definitionVersion: 1,
        ticksFrom: CREATED_AT,
        createdAt: CREATED_AT,
        updatedAt: CREATED_AT,
      },
    });
  });

  test('cannot be created twice', () => {
    expect(given(createSchedule()).when(createSchedule())).toEqual({ refused: 'already-exists' });
  });

  test('cannot be changed, deleted or ticked before it exists, nor after it was deleted', () => {
    for (const command of [updateSchedule({}, LATER), deleteSchedule(LATER), recordTicks(LATER)]) {
      expect(given().when(command)).toEqual({ refused: 'not-found' });
      expect(given(createSchedule(), deleteSchedule(LATER)).when(command)).toEqual({ refused: 'not-found' });
    }
  });

  test('can be created again after it was deleted: its history goes on, its ticks begin anew', () => {
    const before = [createSchedule(), recordTicks('2026-03-01T00:01:00.000Z'), deleteSchedule(LATER)];
    const again = given(...before).when(createSchedule({ cron: '@hourly' }, '2026-04-01T00:00:00.000Z'));
    expect(again).toMatchObject({ event: 'ScheduleCreated', version: 4, schedule: { version: 4, cron: '@hourly' } });
    expect(again).not.toHaveProperty('schedule.lastTick');
    expect(again).not.toHaveProperty('schedule.deletedAt');
  });

  test('belongs to the tenant that created it, and so do all its events, whoever changes it', () => {
    const created = ofTenant('acme', createSchedule());
    const events = eventsOf([
      created,
      updateSchedule({}, LATER),
      recordTicks('2026-03-02T00:00:00.000Z'),
      deleteSchedule(LATER),
    ]);
    expect(events.map(({ tenant }) => tenant)).toEqual(['acme', 'acme', 'acme', 'acme']);
    expect(foldSchedule(events)?.tenant).toBe('acme');
    // What a log tells that has forgotten the beginning.
    expect(foldSchedule(events.slice(1, 2))?.tenant).toBe('acme');
  });

  test.each([
    ['another tenant', ofTenant('globex', createSchedule())],
    ['nobody in particular', createSchedule()],
  ])('leaves its name to its tenant when it is deleted: not to %s', (_whom, again) => {
    const past = [ofTenant('acme', createSchedule()), deleteSchedule(LATER)];
    expect(given(...past).when(again)).toEqual({ refused: 'already-exists' });
    expect(given(...past).when(ofTenant('acme', createSchedule()))).toMatchObject({ event: 'ScheduleCreated' });
    expect(given(createSchedule(), deleteSchedule(LATER)).when(ofTenant('acme', createSchedule()))).toEqual({
      refused: 'already-exists',
    });
  });

  test('keeps what has no payload readable', () => {
    const job = { ...definition().job, payload: undefined };
    expect(given().when(createSchedule({ job }))).toMatchObject({ data: { job: { payload: null } } });
  });
});

describe('an update', () => {
  test('replaces the definition, and its version is the new version of the definition', () => {
    const lived = [createSchedule(), recordTicks('2026-03-01T00:01:00.000Z', { jobIds: [JOB_ID] })];
    expect(given(...lived).when(updateSchedule({ cron: '@hourly' }, LATER))).toMatchObject({
      event: 'ScheduleUpdated',
      data: { cron: '@hourly', ticksFrom: LATER },
      schedule: { version: 3, definitionVersion: 3, createdAt: CREATED_AT, lastTick: { jobIds: [JOB_ID] } },
    });
  });

  test.each([
    ['another cron', { cron: '@hourly' }],
    ['another time zone', { timeZone: 'Europe/Berlin' }],
    ['being disabled', { enabled: false }],
  ])('with %s starts the ticks anew', (_what, change) => {
    expect(given(createSchedule()).when(updateSchedule(change, LATER))).toMatchObject({ data: { ticksFrom: LATER } });
  });

  test('that enables it starts the ticks anew: those of the time when it was disabled are not missed', () => {
    const disabled = createSchedule({ enabled: false });
    expect(given(disabled).when(updateSchedule({}, LATER))).toMatchObject({ data: { ticksFrom: LATER } });
  });

  test('of the job or the catch-up keeps the ticks that are due', () => {
    const job = { ...definition().job, type: 'webhook' };
    const change = updateSchedule({ job, catchUp: { policy: 'all', limit: 5 } }, LATER);
    expect(given(createSchedule()).when(change)).toMatchObject({ data: { ticksFrom: CREATED_AT } });
    const tickAt = '2026-03-01T00:01:00.000Z';
    expect(given(createSchedule(), recordTicks(tickAt)).when(change)).toMatchObject({ data: { ticksFrom: tickAt } });
  });

  test('tells enough for a log that has forgotten all before it', () => {
    const lived = [
      createSchedule(),
      recordTicks('2026-03-01T00:01:00.000Z'),
      updateSchedule({ cron: '@daily' }, LATER),
    ];
    const { lastTick: _lastTick, ...known } = scheduleAfter(...lived) ?? {};
    expect(foldSchedule(eventsOf(lived).slice(-1))).toEqual(known);
  });
});

describe('the record of ticks', () => {
  test('says which jobs were created and how many ticks got none; the definition is as it was', () => {
    const record = recordTicks('2026-03-01T00:03:00.000Z', { jobIds: [JOB_ID], skipped: 2 });
    expect(given(createSchedule()).when(record)).toMatchObject({
      event: 'ScheduleTicked',
      data: { tickAt: '2026-03-01T00:03:00.000Z', jobIds: [JOB_ID], skipped: 2 },
      schedule: { version: 2, definitionVersion: 1, lastTick: { skipped: 2 } },
    });
  });

  test('is refused for ticks that are dealt with, or do not count', () => {
    const tickAt = '2026-03-01T00:03:00.000Z';
    expect(given(createSchedule(), recordTicks(tickAt)).when(recordTicks(tickAt))).toEqual({ refused: 'overtaken' });
    expect(given(createSchedule({}, LATER)).when(recordTicks(tickAt))).toEqual({ refused: 'overtaken' });
  });
});

test('an event that cannot follow changes nothing', () => {
  const [ticked, updated] = [recordTicks(LATER), updateSchedule({ cron: '@hourly' }, LATER)].map((command) =>
    decideSchedule(command, scheduleAfter(createSchedule())),
  ) as [ScheduleEvent, ScheduleEvent];
  const deleted = scheduleAfter(createSchedule(), deleteSchedule(LATER));
  expect([ticked, updated].map((event) => evolveSchedule(deleted, event))).toEqual([deleted, deleted]);
  const [created] = eventsOf([createSchedule({ cron: '@yearly' })]) as [ScheduleEvent];
  const updatedOnce = scheduleAfter(createSchedule(), updateSchedule({}, LATER));
  expect(evolveSchedule(updatedOnce, { ...created, version: 3 })).toEqual(updatedOnce);
  expect(evolveSchedule(undefined, ticked)).toBeUndefined();
  const tickedTwice = scheduleAfter(createSchedule(), recordTicks('2026-03-02T00:00:00.000Z'));
  expect(evolveSchedule(tickedTwice, ticked)).toEqual(tickedTwice);
});

const AnyCommand = fc
  .record({ kind: fc.constantFrom('create', 'update', 'disable', 'delete', 'tick', 'tick', 'tick'), cron: fc.nat(9) })
  .map(({ kind, cron }) => (at: string): ScheduleCommand => {
    if (kind === 'create') return createSchedule({ cron: `${cron} * * * *` }, at);
    if (kind === 'update') return updateSchedule({ cron: `${cron} * * * *` }, at);
    if (kind === 'disable') return updateSchedule({ enabled: false }, at);
    return kind === 'delete' ? deleteSchedule(at) : recordTicks(at, { skipped: cron });
  });

test('the last event of each kind tells as much as the whole history', () => {
  fc.assert(
    fc.property(fc.array(AnyCommand, { minLength: 1, maxLength: 40 }), (commands) => {
      const newest = new Map<string, ScheduleEvent>();
      let state: ScheduleState;
      for (const [index, command] of commands.entries()) {
        const at = new Date(Date.parse(CREATED_AT) + index * 60_000).toISOString();
        const decision = decideSchedule(command(at), state);
        if (isRejection(decision)) continue;
        state = evolveSchedule(state, decision);
        newest.set(decision.event, decision);
        const inOrder = [...newest.values()].toSorted((left, right) => left.version - right.version);
        expect(foldSchedule(inOrder)).toEqual(state);
      }
    }),
    { numRuns: 1_000 },
  );
});
