import { setTimeout as pause } from 'node:timers/promises';
import { Instant } from '@jobstream/creation';
import { Timestamp } from '@jobstream/domain';
import { endOfLog } from '@jobstream/eventlog';
import type { PastCheckpoint } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import type { ApiDeps } from '../apiDeps.ts';
import { invalidParameters } from '../http/parsing/decodeQuery.ts';
import { Problem } from '../problems/problem.ts';

/** After the event with this sequence, or by the server's clock at this RFC 3339 time in UTC. */
export type AsOf = number | string;

/** The parameter `asOf`. */
export const AsOfParameter = Schema.String.check(Schema.isBetweenLength(1, 64)).annotate({
  examples: ['2026-01-31T09:30:00Z', '1042'],
});

/** What an answer with `asOf` says of it. */
export const AsOfView = Schema.Struct({
  sequence: Schema.Int.annotateKey({
    description: 'The last event that is in the answer: until there, the log decides what is in it.',
  }),
  earliest: Timestamp.annotateKey({ description: 'How far back `asOf` reaches at present.' }),
}).annotate({ identifier: 'PastMoment' });

const decodeInstant = Schema.decodeUnknownResult(Instant);

/** Decodes `asOf`. @throws Problem `invalid-parameter`. */
export function parseAsOf(text: string): AsOf {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const result = decodeInstant(text);
  if (result._tag === 'Success') return result.success;
  throw refused(`must be a sequence or an RFC 3339 time (write the + of an offset as %2B)`);
}

const POLL_MS = 50;
/** How well this process knows the clock of the server. */
const CLOCK_MARGIN_MS = 100;
/** How long a sequence beyond the end is waited for: a new leader of the log may not know of it yet. */
const NEW_LEADER_MS = 1_000;

type Deps = Pick<ApiDeps, 'table' | 'log' | 'limits'>;

/** An answer about past states, and as of when. */
export interface PastAnswer<Result> {
  readonly result: Result;
  readonly asOf: typeof AsOfView.Type;
}

/**
 * Answers about all jobs as of a time, once everything up to it is known.
 *
 * @param read is given the sequence of the last event that is in the answer.
 * @throws Problem `invalid-parameter` for a time that is not over or too long ago, or where past states are not kept;
 * `past-not-reached` when they are not followed that far in time.
 */
export async function readPast<Result>(
  asOf: AsOf,
  { table, log, limits }: Deps,
  read: (sequence: number) => Promise<Result>,
): Promise<PastAnswer<Result>> {
  assertReached(asOf, await untilFollowed(asOf, { table, log, limits }));
  const sequence = typeof asOf === 'number' ? asOf : await table.pastSequenceAt(asOf);
  const result = await read(sequence);
  // What was read may have been removed meanwhile.
  const checkpoint = assertReached(asOf, await table.readPastCheckpoint());
  return { result, asOf: { sequence, earliest: checkpoint.earliestAt } };
}

async function untilFollowed(asOf: AsOf, deps: Deps): Promise<PastCheckpoint | undefined> {
  const deadline = performance.now() + deps.limits.pastMs;
  let end: number | undefined;
  for (;;) {
    const checkpoint = await deps.table.readPastCheckpoint();
    if (checkpoint === undefined || isBefore(asOf, checkpoint)) return checkpoint;
    end ??= await endBy(asOf, deps);
    if (end !== undefined && checkpoint.lastSequence >= end) return checkpoint;
    if (performance.now() > deadline) throw notReached(checkpoint);
    await pause(POLL_MS);
  }
}

/** Whether no more events can come that belong to the answer. */
function isBefore(asOf: AsOf, { lastSequence, lastAt }: PastCheckpoint): boolean {
  return typeof asOf === 'number' ? asOf <= lastSequence : Date.parse(asOf) < Date.parse(lastAt);
}

/** The last event that can belong to the answer; undefined while the time is not over. */
async function endBy(asOf: AsOf, { log, limits }: Deps): Promise<number | undefined> {
  const now = log.clock.now();
  if (typeof asOf === 'string' && Date.parse(asOf) > now + limits.pastMs) throw refused('must not be later than now');
  if (typeof asOf === 'string' && Date.parse(asOf) >= now - CLOCK_MARGIN_MS) return undefined;
  const last = await endOfLog(log, typeof asOf === 'number' ? asOf : 0, { patienceMs: NEW_LEADER_MS });
  if (typeof asOf === 'number' && asOf > last)
    throw refused(`must not be later than the end of the log, which is at ${last}`);
  return typeof asOf === 'number' ? asOf : last;
}

function assertReached(asOf: AsOf, checkpoint: PastCheckpoint | undefined): PastCheckpoint {
  if (checkpoint === undefined) {
    throw refused('is possible for single jobs only: no past states are kept here (AS_OF_REACH), or not yet');
  }
  const { earliestAt, earliestSequence } = checkpoint;
  const isKept = typeof asOf === 'number' ? asOf >= earliestSequence : Date.parse(asOf) >= Date.parse(earliestAt);
  if (isKept) return checkpoint;
  throw refused(`must not be before ${earliestAt} (sequence ${earliestSequence}): past states reach back to then`);
}

function notReached({ lastAt, lastSequence }: PastCheckpoint): Problem {
  return new Problem('past-not-reached', {
    detail: `past states are known until ${lastAt} (sequence ${lastSequence}): try again later`,
  });
}

function refused(detail: string): Problem {
  return invalidParameters([{ parameter: 'asOf', detail }]);
}
