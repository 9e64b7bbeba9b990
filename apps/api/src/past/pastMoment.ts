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
export type Moment = number | string;

/** The parameter `asOf`. */
export const AsOf = Schema.String.check(Schema.isBetweenLength(1, 64)).annotate({
  examples: ['2026-01-31T09:30:00Z', '1042'],
});

/** What an answer about the past says of its moment. */
export const PastView = Schema.Struct({
  sequence: Schema.Int.annotateKey({
    description: 'The last event that is in the answer: until there, the log decides what is in it.',
  }),
  earliest: Timestamp.annotateKey({ description: 'How far back `asOf` reaches at present.' }),
}).annotate({ identifier: 'PastMoment' });

const decodeInstant = Schema.decodeUnknownResult(Instant);

/** Decodes `asOf`. @throws Problem `invalid-parameter`. */
export function momentOf(text: string): Moment {
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

/** An answer about the past, and its moment. */
export interface PastAnswer<Result> {
  readonly result: Result;
  readonly asOf: typeof PastView.Type;
}

/**
 * Answers about all jobs at a moment, once everything up to it is known.
 *
 * @param read is given the sequence of the last event of that moment.
 * @throws Problem `invalid-parameter` for a moment that is not over or too long ago, or where past states are not kept;
 * `past-not-reached` when they are not followed that far in time.
 */
export async function readPast<Result>(
  moment: Moment,
  { table, log, limits }: Deps,
  read: (sequence: number) => Promise<Result>,
): Promise<PastAnswer<Result>> {
  assertReached(moment, await untilFollowed(moment, { table, log, limits }));
  const sequence = typeof moment === 'number' ? moment : await table.pastSequenceAt(moment);
  const result = await read(sequence);
  // What was read may have been removed meanwhile.
  const checkpoint = assertReached(moment, await table.readPastCheckpoint());
  return { result, asOf: { sequence, earliest: checkpoint.earliestAt } };
}

async function untilFollowed(moment: Moment, deps: Deps): Promise<PastCheckpoint | undefined> {
  const deadline = performance.now() + deps.limits.pastMs;
  let end: number | undefined;
  for (;;) {
    const checkpoint = await deps.table.readPastCheckpoint();
    if (checkpoint === undefined || isBefore(moment, checkpoint)) return checkpoint;
    end ??= await endBy(moment, deps);
    if (end !== undefined && checkpoint.lastSequence >= end) return checkpoint;
    if (performance.now() > deadline) throw notReached(checkpoint);
    await pause(POLL_MS);
  }
}

/** Whether more events of the moment cannot come. */
function isBefore(moment: Moment, { lastSequence, lastAt }: PastCheckpoint): boolean {
  return typeof moment === 'number' ? moment <= lastSequence : Date.parse(moment) < Date.parse(lastAt);
}

/** The last event that the moment can have; undefined while the moment is not over. */
async function endBy(moment: Moment, { log, limits }: Deps): Promise<number | undefined> {
  const now = log.clock.now();
  if (typeof moment === 'string' && Date.parse(moment) > now + limits.pastMs)
    throw refused('must not be later than now');
  if (typeof moment === 'string' && Date.parse(moment) >= now - CLOCK_MARGIN_MS) return undefined;
  const last = await endOfLog(log, typeof moment === 'number' ? moment : 0, { patienceMs: NEW_LEADER_MS });
  if (typeof moment === 'number' && moment > last)
    throw refused(`must not be later than the end of the log, which is at ${last}`);
  return typeof moment === 'number' ? moment : last;
}

function assertReached(moment: Moment, checkpoint: PastCheckpoint | undefined): PastCheckpoint {
  if (checkpoint === undefined) {
    throw refused('is possible for single jobs only: no past states are kept here (AS_OF_REACH), or not yet');
  }
  const { earliestAt, earliestSequence } = checkpoint;
  const isKept = typeof moment === 'number' ? moment >= earliestSequence : Date.parse(moment) >= Date.parse(earliestAt);
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
