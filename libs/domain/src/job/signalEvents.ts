import * as Schema from 'effect/Schema';
import { always, define } from './eventDefinition.ts';
import { SIGNALS_PROTOCOL, SignalName, withSignal } from './settings/signals.ts';
import { isDue } from '../messages/timestamp.ts';

/** It is the call for work itself: no second message that would wake the job could be lost. */
export const jobSignalled = define({
  summary:
    'The job was sent a signal, which a step of it may wait for now or later. A job that waits for it is due at once.',
  token: 'signalled',
  protocol: SIGNALS_PROTOCOL,
  callsForWork: true,
  byOperator: true,
  data: { name: SignalName, payload: Schema.Unknown },
  secrets: { payload: 'value' },
  hidden: [],
  legalIn: ['scheduled', 'pending', 'processing', 'waiting', 'retrying'],
  fits: always,
  evolve: (job, { at, data: { name } }) => {
    const { status, awaits = [], runAt } = job;
    const isCalled = status === 'waiting' && awaits.includes(name) && (runAt === undefined || !isDue(runAt, at));
    return { ...withSignal(job, name), ...(isCalled ? { runAt: at } : {}) };
  },
});
