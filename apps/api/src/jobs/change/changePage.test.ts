import type { JobReference } from '@jobstream/readmodel';
import { describe, expect, test } from 'vitest';
import { Problem } from '../../problems/problem.ts';
import { changePage, type Outcome, type OutcomeOrOutage } from './changePage.ts';

const jobs = Array.from({ length: 100 }, (_, index): JobReference => ({
  id: `job-${index}`,
  type: 'email',
  createdAt: '2026-01-01T00:00:00.000Z',
}));
const ids = jobs.map(({ id }) => id);

/** Changes a page, and returns what it did. */
async function changed(change: (job: JobReference) => Promise<Outcome>, isOver = () => false) {
  const outcomes = new Map<string, OutcomeOrOutage>();
  const errors: unknown[] = [];
  const onOutcome = ({ id }: JobReference, outcome: OutcomeOrOutage, error?: unknown) => {
    outcomes.set(id, outcome);
    if (error !== undefined) errors.push(error);
  };
  const outage = await changePage(jobs, { change, onOutcome, isOver });
  return { outcomes, errors, outage };
}

function failing(id: string, error: Error): (job: JobReference) => Promise<Outcome> {
  return (job) => (job.id === id ? Promise.reject(error) : Promise.resolve({ outcome: 'done' }));
}

describe('a page of jobs', () => {
  test('is changed in its order, 32 jobs at a time', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const begun: string[] = [];
    const all = changed(async ({ id }) => {
      begun.push(id);
      await opened;
      return { outcome: 'skipped', reason: `${id} has ended` };
    });
    expect(begun).toEqual(ids.slice(0, 32));
    open();
    const { outcomes, outage } = await all;
    expect(begun).toEqual(ids);
    expect([...outcomes.keys()]).toEqual(ids);
    expect(outcomes.get('job-99')).toEqual({ outcome: 'skipped', reason: 'job-99 has ended' });
    expect(outage).toBeUndefined();
  });

  test('goes on after a job that failed, and says why it failed', async () => {
    const error = new Problem('invalid-request', { detail: 'no address' });
    const { outcomes, errors, outage } = await changed(failing('job-3', error));
    expect(outcomes.get('job-3')).toEqual({ outcome: 'failed', reason: 'no address' });
    expect(errors).toEqual([error]);
    expect([outcomes.size, outage]).toEqual([100, undefined]);
  });

  test('is not changed further after an outage, and the job that it interrupted has not failed', async () => {
    const error = new Problem('log-unavailable');
    const { outcomes, errors, outage } = await changed(failing('job-40', error));
    expect(outage).toBe('Event log unavailable');
    expect(outcomes.get('job-40')).toEqual({ outcome: 'interrupted' });
    expect(errors).toEqual([error]);
    expect(outcomes.has('job-99')).toBe(false);
  });

  test('is not changed further once it is over', async () => {
    let begun = 0;
    const change = () => Promise.resolve<Outcome>({ outcome: ++begun > 0 ? 'done' : 'skipped' });
    const { outcomes, outage } = await changed(change, () => begun === 10);
    expect([...outcomes.keys()]).toEqual(ids.slice(0, 10));
    expect(outage).toBeUndefined();
  });
});
