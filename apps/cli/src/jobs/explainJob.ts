import type { Job, WaitingFor } from '@jobstream/client';
import type { Printer } from '../output/printer.ts';
import { plainText } from '../output/table.ts';
import { formatDuration } from '../output/times.ts';
import { describeError } from './describeEvent.ts';

/** Why a job does not run in a sentence, and what to do in another where there is something. */
export interface Explanation {
  readonly because: string;
  readonly advice?: string | undefined;
}

type Explain<Waiting> = (waiting: Waiting, job: Job, printer: Pick<Printer, 'time'>) => Explanation;
type Queued = Extract<WaitingFor, { readonly reason: 'queue' }>;

const EXPLAIN: { readonly [Reason in WaitingFor['reason']]: Explain<Extract<WaitingFor, { reason: Reason }>> } = {
  upgrade: ({ unreadableEvents: count }) => ({
    because: `It has ${count === 1 ? 'an event' : `${count} events`} of a newer release, which this one cannot read.`,
    advice: 'Upgrade API and workers.',
  }),
  running: ({ attempt, worker, since }, { maxAttempts }, { time }) => ({
    because: `It runs: attempt ${attempt} of ${maxAttempts}${on(worker)}${since === undefined ? '' : `, since ${time(since)}`}.`,
  }),
  lostWorker: ({ worker }) => ({
    because: `It ran on the worker ${worker}, which lives no more.`,
    advice: 'Another worker takes it over within seconds, if one lives. Read the end of the log of the lost one.',
  }),
  due: ({ at }, { id }, { time }) => ({
    because: `It is delayed: due ${time(at)}.`,
    advice: `If it is not needed any more: jobstream cancel ${id}`,
  }),
  backoff: ({ attempt, until }, { maxAttempts, error }, { time }) => ({
    because: `Attempt ${attempt} of ${maxAttempts} failed, and the next one begins ${time(until)}${causeOf(error)}`,
    advice: 'Nothing needs to be done unless the error stays.',
  }),
  paused: ({ by, since, why, until, all }, { type }, { time }) => {
    const what = all ? 'All job types were' : `Its type ${type} was`;
    const who = by === undefined ? '' : ` by ${by.kind} ${by.id}`;
    const when = since === undefined ? '' : ` ${time(since)}`;
    const end = until === undefined ? '' : `, until it ends ${time(until)}`;
    return {
      because: `${what} paused${who}${when}${end}${why === undefined ? '.' : `: ${why}`}`,
      advice: `When the reason is gone: jobstream types resume ${all ? '--all' : type}`,
    };
  },
  noWorker: ({ announced }, { type }) => ({
    because: announced
      ? `No living worker takes jobs of the type ${type}; one did within the last day.`
      : `No worker has announced the type ${type} within the last day.`,
    advice: announced
      ? `Start the workers of ${type}; jobstream workers has those that are gone.`
      : `Start a worker for ${type}, or correct the type if it is misspelt: jobstream types`,
  }),
  concurrency: ({ inFlight, limit, ...queued }, { type }) => ({
    because: `All slots for ${type} are taken${limit === undefined ? '' : ` (${inFlight} of ${limit})`}${behind(queued)}.`,
    advice: 'If that takes too long, start more workers or raise their concurrency.',
  }),
  rateLimit: ({ rate, ...queued }, { type }) => ({
    because: `The rate of ${type}${rate === undefined ? '' : `, ${rate},`} is used up${behind(queued)}.`,
    advice: 'If that takes too long, raise the rate of its workers.',
  }),
  queue: (queued) => ({
    because: queued.ahead ? `It waits for its turn${behind(queued)}.` : 'It is on its way to a worker.',
  }),
};

/** Explains a job to people. */
export function explainJob(job: Job, printer: Pick<Printer, 'time'>): Explanation {
  const { status, waitingFor, error, attempt, maxAttempts, id } = job;
  if (status === 'completed') return { because: 'It has completed.' };
  if (status === 'cancelled')
    return { because: 'It was cancelled.', advice: `To run it after all: jobstream retry ${id}` };
  if (status === 'failed') {
    const because = `It has failed, in attempt ${attempt} of ${maxAttempts}${causeOf(error)}`;
    return { because, advice: `When the cause is gone: jobstream retry ${id}` };
  }
  if (waitingFor === undefined)
    return { because: `It is ${status}, and the API does not know why.`, advice: 'jobstream doctor' };
  const explain = EXPLAIN[waitingFor.reason] as Explain<WaitingFor> | undefined;
  return explain?.(waitingFor, job, printer) ?? { because: `It waits: ${plainText(JSON.stringify(waitingFor))}` };
}

function on(worker: string | undefined): string {
  return worker === undefined ? '' : ` on ${plainText(worker)}`;
}

function causeOf(error: Job['error']): string {
  return error === undefined ? '.' : `: ${plainText(describeError(error))}${stackOf(error)}`;
}

function stackOf({ stack = '' }: NonNullable<Job['error']>): string {
  return stack === '' ? '' : `\n${stack.split('\n').map(plainText).join('\n')}`;
}

function behind({ ahead, aheadIsMore, estimateMs }: Omit<Queued, 'reason'>): string {
  if (ahead === undefined) return '';
  const others = `${aheadIsMore ? 'more than ' : ''}${ahead} ${ahead === 1 ? 'job' : 'jobs'}`;
  const time = estimateMs === undefined ? '' : `, for about ${formatDuration(estimateMs)}`;
  return `; ${others} ${ahead === 1 ? 'is' : 'are'} ahead${time}`;
}
