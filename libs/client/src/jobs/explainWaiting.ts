import type { Actor } from '../operate/actor.ts';
import { hasEnded, type Job, type JobError } from './job.ts';
import type { WaitingFor } from './waitingFor.ts';

/** Why a job does not run, or that it does, and in another sentence what would change that, where there is something. */
export interface Explanation {
  readonly because: string;
  readonly advice?: string;
}

/** How an explanation shows what people read in different ways. */
export interface ExplanationFormat {
  /** Shows a time, as in `due in 5m`. Default: RFC 3339. */
  readonly time?: (instant: string) => string;
  /** Shows milliseconds. Default: whole seconds. */
  readonly duration?: (ms: number) => string;
}

type Format = Required<ExplanationFormat>;
type Explain<Waiting> = (waiting: Waiting, job: Job, format: Format) => Explanation;
type Queued = Extract<WaitingFor, { readonly reason: 'queue' }>;

const EXPLAIN: { readonly [Reason in WaitingFor['reason']]: Explain<Extract<WaitingFor, { reason: Reason }>> } = {
  upgrade: ({ unreadableEvents: count }) => ({
    because: `It has ${count === 1 ? 'an event' : `${count} events`} of a newer release, which this one cannot read.`,
    advice: 'Upgrade the API and the workers.',
  }),
  running: ({ attempt, worker, since }, { maxAttempts }, { time }) => ({
    because: `It runs: attempt ${attempt} of ${maxAttempts}${on(worker)}${since === undefined ? '' : `, begun ${time(since)}`}.`,
  }),
  lostWorker: ({ worker }) => ({
    because: `It ran${on(worker)}, which lives no more.`,
    advice:
      'Another worker takes it over within seconds, if one of its type lives. Read the end of the log of the lost one.',
  }),
  due: ({ at }, _job, { time }) => ({ because: `It is delayed: due ${time(at)}.` }),
  backoff: ({ attempt, until }, { maxAttempts, error }, { time }) => ({
    because: `Attempt ${attempt} of ${maxAttempts} failed${causeOf(error)}. The next one begins ${time(until)}.`,
  }),
  sleep: ({ attempt, until, name, key }, { maxAttempts }, { time }) => {
    const sleep = [name, key].filter((part) => part !== undefined).join(' ');
    return {
      because: `Attempt ${attempt} of ${maxAttempts} sleeps${sleep === '' ? '' : ` (${sleep})`} and goes on ${time(until)}.`,
    };
  },
  signal: ({ attempt, names, since, until }, { maxAttempts }, { time }) => ({
    because: [
      `Attempt ${attempt} of ${maxAttempts} waits for the signal ${names.join(' or ')}, begun ${time(since)}`,
      until === undefined ? '.' : `, and goes on ${time(until)} at the latest.`,
    ].join(''),
  }),
  paused: ({ by, since, why, until, all }, { type }, { time }) => ({
    because: [
      all ? 'All types were paused' : `Its type ${type} was paused`,
      by === undefined ? '' : ` by ${nameOf(by)}`,
      since === undefined ? '' : ` ${time(since)}`,
      until === undefined ? '' : `, which ends ${time(until)}`,
      why === undefined ? '.' : `: ${why}`,
    ].join(''),
    advice: 'Resume it when the reason is gone.',
  }),
  noWorker: ({ announced }, { type }) =>
    announced
      ? {
          because: `No living worker takes jobs of the type ${type}; one did within the last day.`,
          advice: 'Start its workers: the list of workers has those that are gone.',
        }
      : {
          because: `No worker has announced the type ${type} within the last day.`,
          advice: 'Start a worker for it. If the type is misspelt, cancel this job and create it anew.',
        },
  concurrency: ({ inFlight, limit, ...queued }, { type }, format) => ({
    because: `All slots for ${type} are taken${limit === undefined ? '' : ` (${inFlight} of ${limit})`}${behind(queued, format)}.`,
    advice: 'If that takes too long, start more workers or raise their concurrency.',
  }),
  rateLimit: ({ rate, ...queued }, { type }, format) => ({
    because: `The rate of ${type}${rate === undefined ? '' : `, ${rate},`} is used up${behind(queued, format)}.`,
    advice: 'If that takes too long, raise the rate of its workers.',
  }),
  queue: (queued, _job, format) => ({
    because: queued.ahead ? `It waits for its turn${behind(queued, format)}.` : 'It is on its way to a worker.',
  }),
};

/**
 * Explains to people why a job does not run, in plain English: the sentences of `jobstream why` and of the dashboard.
 *
 * The texts of the job, such as an error's message, are not escaped.
 *
 * @returns undefined if the job has ended.
 *
 * @example
 * const { because, advice } = explainWaiting(await client.jobs.get(id)) ?? {};
 */
export function explainWaiting(job: Job, format: ExplanationFormat = {}): Explanation | undefined {
  const { status, waitingFor } = job;
  if (hasEnded(job)) return undefined;
  if (waitingFor === undefined) return { because: `It is ${status}; why is not known while the log does not answer.` };
  const explain = EXPLAIN[waitingFor.reason] as Explain<WaitingFor> | undefined;
  // A newer release may add reasons.
  return explain?.(waitingFor, job, { time: asItIs, duration: inSeconds, ...format }) ?? unknown(waitingFor);
}

function unknown(waitingFor: unknown): Explanation {
  return { because: `It waits: ${JSON.stringify(waitingFor)}` };
}

function asItIs(instant: string): string {
  return instant;
}

function inSeconds(ms: number): string {
  return `${Math.ceil(ms / 1_000)} s`;
}

function nameOf({ kind, id }: Actor): string {
  if (kind !== 'api') return `${kind} ${id}`;
  return id === 'anonymous' ? 'a caller without a key' : `key ${id}`;
}

function on(worker: string | undefined): string {
  return worker === undefined ? '' : ` on ${worker}`;
}

function causeOf(error: JobError | undefined): string {
  return error === undefined ? '' : ` with ${error.name}: ${error.message}`;
}

function behind({ ahead, aheadIsMore, estimateMs }: Omit<Queued, 'reason'>, { duration }: Format): string {
  if (ahead === undefined) return '';
  const others = `${aheadIsMore ? 'more than ' : ''}${ahead.toLocaleString('en')} ${ahead === 1 ? 'job' : 'jobs'}`;
  const time = estimateMs === undefined ? '' : `, for about ${duration(estimateMs)}`;
  return `; ${others} ${ahead === 1 ? 'is' : 'are'} ahead${time}`;
}
