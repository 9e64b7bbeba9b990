import type { Job, JobError, WaitingFor } from '@jobstream/client';
import { formatActor } from '../format/actor.ts';
import { formatAge, formatDuration } from '../format/duration.ts';
import { formatInstant } from '../format/instant.ts';

/** Why a job does not run in a sentence, and in another what would change that. */
export interface Explanation {
  readonly because: string;
  readonly advice?: string;
}

type Explain<Waiting> = (waiting: Waiting, job: Job, now: Date) => Explanation;
type Queued = Extract<WaitingFor, { readonly reason: 'queue' }>;

const EXPLAIN: { readonly [Reason in WaitingFor['reason']]: Explain<Extract<WaitingFor, { reason: Reason }>> } = {
  upgrade: ({ unreadableEvents: count }) => ({
    because: `It has ${count === 1 ? 'an event' : `${count} events`} of a newer release, which this one cannot read.`,
    advice: 'Upgrade the API and the workers.',
  }),
  running: ({ attempt, worker, since }, { maxAttempts }, now) => ({
    because: `It runs: attempt ${attempt} of ${maxAttempts}${on(worker)}${since === undefined ? '' : `, begun ${when(since, now)}`}.`,
  }),
  lostWorker: ({ worker }) => ({
    because: `It ran${on(worker)}, which lives no more.`,
    advice: 'Another worker takes it over within seconds, if one of its type lives.',
  }),
  due: ({ at }, _job, now) => ({ because: `It is delayed: due ${when(at, now)}.` }),
  backoff: ({ attempt, until }, { maxAttempts, error }, now) => ({
    because: `Attempt ${attempt} of ${maxAttempts} failed${causeOf(error)}. The next one begins ${when(until, now)}.`,
  }),
  paused: ({ by, since, why, until, all }, { type }, now) => ({
    because: [
      all ? 'All types were paused' : `Its type ${type} was paused`,
      by === undefined ? '' : ` by ${formatActor(by)}`,
      since === undefined ? '' : ` ${when(since, now)}`,
      until === undefined ? '' : `, until ${when(until, now)}`,
      why === undefined ? '.' : `: ${why}`,
    ].join(''),
  }),
  noWorker: ({ announced }, { type }) =>
    announced
      ? {
          because: `No living worker takes jobs of the type ${type}; one did within the last day.`,
          advice: 'Start its workers: the list of workers has those that are gone.',
        }
      : {
          because: `No worker has announced the type ${type} within the last day.`,
          advice: `Start a worker for it. If the type is misspelt, cancel this job and create it anew.`,
        },
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

/** Explains a job that has not ended. */
export function explainWaiting(waiting: WaitingFor, job: Job, now: Date): Explanation {
  const explain = EXPLAIN[waiting.reason] as Explain<WaitingFor> | undefined;
  // A newer release may add reasons.
  return explain?.(waiting, job, now) ?? { because: `It waits: ${JSON.stringify(waiting)}` };
}

function when(at: string, now: Date): string {
  const date = new Date(at);
  return `${formatInstant(date, now)} (${formatAge(now.getTime() - date.getTime())})`;
}

function on(worker: string | undefined): string {
  return worker === undefined ? '' : ` on ${worker}`;
}

function causeOf(error: JobError | undefined): string {
  return error === undefined ? '' : ` with ${error.name}: ${error.message}`;
}

function behind({ ahead, aheadIsMore, estimateMs }: Omit<Queued, 'reason'>): string {
  if (ahead === undefined) return '';
  const others = `${aheadIsMore ? 'more than ' : ''}${ahead.toLocaleString()} ${ahead === 1 ? 'job' : 'jobs'}`;
  const time = estimateMs === undefined ? '' : `, for about ${formatDuration(estimateMs)}`;
  return `; ${others} ${ahead === 1 ? 'is' : 'are'} ahead${time}`;
}
