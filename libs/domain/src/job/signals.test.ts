import { describe, expect, test } from 'vitest';
import { decide } from './decide.ts';
import { evolve, fold } from './evolve.ts';
import { foldSignals } from './folds/foldSignals.ts';
import type { Job } from './job.ts';
import type { JobEvent } from './jobEvent.ts';
import { MAX_UNREAD_SIGNALS, unreadSignals } from './settings/signals.ts';
import { given, numbered, thenHappens, thenRefused } from '../../testing/given.ts';
import {
  CREATED_AT,
  DUE_AT,
  jobCancelled,
  jobCarriedWaiting,
  jobCarriedWithSteps,
  jobCompleted,
  jobCreated,
  jobFailed,
  jobPayloadChanged,
  jobRequeued,
  jobResumed,
  jobSignalled,
  jobStarted,
  jobStepsRecorded,
  jobSuspended,
} from '../../testing/jobEvents.ts';
import { carryJob, NOW, recordSteps, resumeAttempt, signalJob, suspendAttempt } from '../../testing/jobCommands.ts';

const READ = { id: 'event-JobSignalled', name: 'approved' };
const APPROVAL = { name: 'approval', signal: READ, result: { by: 'ann' }, durationMs: 0 };
const UNREAD = { ...READ, payload: { by: 'ann' }, at: CREATED_AT };
const AWAITING = jobSuspended({ signals: ['approved'] });
const started = [jobCreated(), jobStarted()];
const waiting = [...started, AWAITING];
const many = (count: number) => Array.from({ length: count }, () => jobSignalled());
const signalsOf = (events: readonly JobEvent[]) => foldSignals(numbered(events));

describe('a job takes signals', () => {
  test.each([
    ['that is pending', [jobCreated()]],
    ['that is scheduled', [jobCreated({ runAt: DUE_AT })]],
    ['that runs', started],
    ['that waits', waiting],
  ])('%s', (_what, events) => {
    const outcome = given(...events).when(signalJob());
    expect(outcome).toEqual(thenHappens(jobSignalled(), { unread: { approved: 1 } }));
  });

  test.each([
    ['completed', [...started, jobCompleted()]],
    ['failed', [...started, jobFailed()]],
    ['cancelled', [...started, jobCancelled()]],
  ])('not one that is %s', (_status, events) => {
    expect(given(...events).when(signalJob())).toEqual(thenRefused('illegal-transition'));
  });

  test('without a payload, as null', () => {
    expect(given(jobCreated()).when(signalJob({ payload: undefined }))).toEqual(
      thenHappens(jobSignalled({ payload: null })),
    );
  });

  test('up to a thousand that no step has read', () => {
    expect(given(...started, ...many(MAX_UNREAD_SIGNALS)).when(signalJob())).toEqual(thenRefused('too-many-signals'));
    const oneRead = [...started, ...many(MAX_UNREAD_SIGNALS), jobStepsRecorded({ steps: [APPROVAL] })];
    expect(given(...oneRead).when(signalJob())).toEqual(
      thenHappens(jobSignalled(), { unread: { approved: MAX_UNREAD_SIGNALS } }),
    );
  });

  test('of a name that every object has', () => {
    const job = fold(numbered([jobCreated(), jobSignalled({ name: 'constructor' })])) as Job;
    expect([unreadSignals(job, 'constructor'), unreadSignals(job, 'toString'), unreadSignals(job)]).toEqual([1, 0, 1]);
  });
});

describe('a job that waits', () => {
  test('is due at once when a signal comes that it awaits', () => {
    const at = '2026-01-01T00:30:00.000Z';
    const outcome = given(...waiting).when(signalJob({ at }));
    expect(outcome).toEqual(thenHappens(jobSignalled(), { status: 'waiting', runAt: at }));
    expect(given(...waiting).when(resumeAttempt({ at }))).toEqual(thenRefused('not-due'));
    expect(given(...waiting, { ...jobSignalled(), at }).when(resumeAttempt({ at }))).toEqual(
      thenHappens(jobResumed(), { status: 'processing', unread: { approved: 1 } }),
    );
  });

  test('is not due for a signal of another name', () => {
    expect(given(...waiting).when(signalJob({ name: 'note' }))).toMatchObject({ job: { runAt: DUE_AT } });
  });

  test('is due at once where the signal came before it had decided to wait', () => {
    const outcome = given(...started, jobSignalled()).when(suspendAttempt({ signals: ['note', 'approved'] }));
    expect(outcome).toMatchObject({ job: { status: 'waiting', runAt: NOW, awaits: ['note', 'approved'] } });
    const other = given(...started, jobSignalled()).when(suspendAttempt({ signals: ['note'] }));
    expect(other).toMatchObject({ job: { status: 'waiting', runAt: '2026-01-04T02:00:00.000Z' } });
  });

  test('stays due when a further signal comes', () => {
    const [first, second] = [
      { ...jobSignalled(), at: '2026-01-01T00:10:00.000Z' },
      { ...jobSignalled(), at: '2026-01-01T00:20:00.000Z' },
    ];
    expect(fold(numbered([...waiting, first, second]))).toMatchObject({ runAt: '2026-01-01T00:10:00.000Z' });
  });

  test('awaits nothing any more once it runs, or was cancelled', () => {
    expect(fold(numbered([...waiting, jobResumed()]))).not.toHaveProperty('awaits');
    expect(fold(numbered([...waiting, jobCancelled()]))).not.toHaveProperty('awaits');
  });
});

describe('a signal', () => {
  test('is unread until a step is recorded that has read it', () => {
    const events = [...started, jobSignalled()];
    expect(signalsOf(events)).toStrictEqual([UNREAD]);
    const read = [...events, jobStepsRecorded({ steps: [APPROVAL] })];
    expect(signalsOf(read)).toEqual([]);
    expect(fold(numbered(read))).not.toHaveProperty('unread');
  });

  test('that the job does not have cannot be read', () => {
    const command = recordSteps({ steps: [APPROVAL] });
    expect(given(...started).when(command)).toEqual(thenRefused('illegal-transition'));
    const job = fold(numbered(started));
    expect(evolve(job, { ...jobStepsRecorded({ steps: [APPROVAL] }), version: 3 })).toBe(job);
  });

  test('stays unread when the job is requeued, with another payload too', () => {
    const ended = [...started, jobSignalled(), jobFailed()];
    expect(fold(numbered([...ended, jobPayloadChanged(), jobRequeued()]))).toMatchObject({ unread: { approved: 1 } });
  });
});

describe('a job is carried with its unread signals', () => {
  test('by a JobCarriedWithSteps, also if it has no steps', () => {
    const events = [jobCreated(), jobSignalled()];
    const outcome = given(...events).when(carryJob({ signals: [UNREAD] }));
    expect(outcome).toMatchObject({ event: 'JobCarriedWithSteps', data: { stepsRecorded: 0, signals: [UNREAD] } });
    expect(given(...events).when(carryJob())).toEqual(thenRefused('illegal-transition'));
  });

  test('and is the same where the log has lost what was before', () => {
    const histories = [
      [jobCreated(), jobSignalled()],
      [...started, jobSignalled(), jobStepsRecorded(), { ...jobSignalled({ name: 'note' }), id: 'second' }],
      [...waiting, jobSignalled(), { ...jobSignalled(), id: 'second' }],
    ];
    for (const events of histories) {
      const job = fold(numbered(events)) as Job;
      const signals = signalsOf(events);
      const carried = decide(carryJob({ signals }), job) as JobEvent;
      const behind = evolve(job, carried);
      expect(behind).toMatchObject({ version: job.version + 1, unread: job.unread });
      expect(fold([carried])).toStrictEqual(behind);
      expect(foldSignals([carried])).toStrictEqual(signals);
      expect(foldSignals([...numbered(events), carried])).toStrictEqual(signals);
    }
  });

  test('not with others than it has', () => {
    const job = fold(numbered([...waiting, jobSignalled()])) as Job;
    const carried = { ...jobCarriedWaiting({ stepsRecorded: 0, steps: [] }), version: 5 };
    expect(evolve(job, carried)).toBe(job);
    const other = {
      ...jobCarriedWithSteps({ status: 'pending', attempt: 0, stepsRecorded: 0, steps: [] }),
      version: 3,
    };
    expect(evolve(fold(numbered([jobCreated(), jobSignalled()])), other)).toMatchObject({ version: 2 });
  });
});
