/** @module-tag exact */
import { checkSchedules, type Schedule } from '@jobstream/test-support';
import { array, boolean, integer, record } from 'fast-check';
import { expect, test } from 'vitest';
import { silentSink } from '../../connection/logSink.ts';
import { type ConsumerFaults, ScheduledConsumers } from '../../../testing/schedules/scheduledConsumers.ts';
import { LogFollower } from './logFollower.ts';

interface Plan {
  readonly faults: ConsumerFaults;
  readonly stored: number;
  readonly appended: number;
  readonly after: number;
  /** The follower is stopped at some point, instead of when it has everything. */
  readonly isStopped: boolean;
  readonly isPrompt: boolean;
}

const arbitraryPlan = record<Plan>({
  faults: record({
    outages: integer({ min: 0, max: 2 }),
    lost: array(integer({ min: 1, max: 8 }), { maxLength: 2 }),
    deletions: integer({ min: 0, max: 2 }),
  }),
  stored: integer({ min: 0, max: 6 }),
  appended: integer({ min: 0, max: 6 }),
  after: integer({ min: 0, max: 3 }),
  isStopped: boolean(),
  isPrompt: boolean(),
});

async function follow(schedule: Schedule, plan: Plan): Promise<void> {
  schedule.isPrompt = plan.isPrompt;
  const server = new ScheduledConsumers(schedule, plan.faults);
  const append = () => server.append({ subject: 'schedules.none', text: '{}' });
  for (let count = 0; count < plan.stored; count++) append();
  const { connection, manager } = server;
  const after = Math.min(plan.after, plan.stored);
  const follower = new LogFollower({ connection, manager, after, sink: silentSink });
  const end = plan.stored + plan.appended;
  const seen: number[] = [];
  const reading = async () => {
    if (after === end) return;
    for await (const entries of follower) {
      seen.push(...entries.map(({ sequence }) => sequence));
      await schedule.point('the reader is ready for more');
      if (seen.length === end - after) return;
    }
  };
  const appending = async () => {
    for (let count = 0; count < plan.appended; count++) await schedule.point('a message is stored').then(append);
  };
  const time = { stopped: Infinity, ended: 0 };
  const stopping = async () => {
    await schedule.point('stopped');
    time.stopped = performance.now();
    await follower.stop();
  };
  const ended = reading().then(() => (time.ended = performance.now()));
  await schedule.until(Promise.all([ended, appending(), plan.isStopped ? stopping() : undefined, server.healed]));
  await schedule.untilNothingIsLeft();
  expect(seen).toEqual(seen.map((_sequence, index) => after + 1 + index));
  expect(plan.isStopped ? 0 : seen.length).toBe(plan.isStopped ? 0 : end - after);
  expect(server.open).toBe(0);
  expect(plan.isPrompt ? time.ended - time.stopped : 0).toBeLessThan(1_000);
}

test('a follower has every message once and in order whatever it loses, and ends when it is stopped, with nothing left', async () => {
  await expect(checkSchedules(arbitraryPlan, follow)).resolves.toBeUndefined();
});
