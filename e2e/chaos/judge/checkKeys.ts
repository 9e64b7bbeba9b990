import type { RawMessage } from '../../harness/rawLog.ts';
import { creations, type LoggedEvent, requeues } from './readHistories.ts';
import type { Violation } from './violation.ts';

/** A job of which no other with its key may live beside it. */
interface KeyedJob {
  readonly jobId: string;
  readonly key: string;
  /** Whether the rule holds until the job has ended. */
  readonly untilItsEnd: boolean;
  readonly history: readonly LoggedEvent[];
}

const ends = new Set(['JobCompleted', 'JobFailed', 'JobCancelled']);
const begins = new Set([...creations, ...requeues]);

/** Of unique jobs with one key never two have not ended, and the message before each creation says who holds the key by it. */
export function checkKeys(
  messages: readonly RawMessage[],
  byJob: ReadonlyMap<string, readonly LoggedEvent[]>,
): readonly Violation[] {
  const jobs = [...byJob].flatMap(([jobId, history]) => keyedJob(jobId, history));
  const bySequence = new Map(messages.map((message) => [message.sequence, message]));
  return [
    ...jobs.flatMap((job) => claimsOf(job).flatMap((event) => checkClaim(job, event, bySequence))),
    ...checkHolders(jobs.filter(({ untilItsEnd }) => untilItsEnd)),
  ];
}

function keyedJob(jobId: string, history: readonly LoggedEvent[]): readonly KeyedJob[] {
  const rule = history[0]?.data['unique'] as { readonly while?: unknown } | undefined;
  const key = String(history[0]?.data['uniqueKey']);
  return rule === undefined ? [] : [{ jobId, key, untilItsEnd: rule.while === 'unfinished', history }];
}

/** The events that a claim has to go with. */
function claimsOf({ history, untilItsEnd }: KeyedJob): readonly LoggedEvent[] {
  return history.filter(({ event }) => creations.includes(event) || (untilItsEnd && requeues.includes(event)));
}

function checkClaim(
  { jobId, key }: KeyedJob,
  { event, sequence }: LoggedEvent,
  bySequence: ReadonlyMap<number, RawMessage>,
): readonly Violation[] {
  const claim = bySequence.get(sequence - 1);
  if (claim?.subject === `unique.${key}` && holderOf(claim) === jobId) return [];
  return [{ rule: 'claim', jobId, detail: `no claim of ${key} is stored before ${event} at ${sequence}` }];
}

function holderOf({ body }: RawMessage): unknown {
  return (JSON.parse(body) as { readonly jobId?: unknown }).jobId;
}

function checkHolders(jobs: readonly KeyedJob[]): readonly Violation[] {
  const steps = jobs.flatMap(({ key, history }) => history.map((event) => ({ key, ...event })));
  const open = new Map<string, Set<string>>();
  return steps
    .toSorted((one, other) => one.sequence - other.sequence)
    .flatMap(({ jobId, key, event, sequence }): Violation[] => {
      const holders = open.get(key) ?? new Set<string>();
      open.set(key, holders);
      if (ends.has(event)) holders.delete(jobId);
      if (!begins.has(event)) return [];
      holders.add(jobId);
      if (holders.size === 1) return [];
      return [{ rule: 'unique', jobId, detail: `at ${sequence} ${[...holders].join(' and ')} have not ended` }];
    });
}
