import { jobEventNames, JobType } from '@jobstream/domain';
import type { Request } from 'express';
import * as Schema from 'effect/Schema';
import * as SchemaTransformation from 'effect/SchemaTransformation';
import type { Caller } from '../auth/caller.ts';
import { withLists } from '../http/parsing/decodeQuery.ts';
import { Problem } from '../problems/problem.ts';
import { schemaErrors } from '../http/parsing/schemaErrors.ts';
import { feedFilter, type FeedFilter } from './feedFilter.ts';

const several = Schema.isBetweenLength(1, 50);

const Sequence = Schema.String.check(
  Schema.isPattern(/^\d{1,15}$/u, {
    expected: 'a sequence: a whole number from 0 on',
    jsonSchema: { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 },
  }),
).pipe(Schema.decodeTo(Schema.Int, SchemaTransformation.transform({ decode: Number, encode: String })));

/** The query of `GET /api/events`, with its lists split. */
export const FeedQuery = Schema.Struct({
  type: Schema.optionalKey(Schema.Array(JobType).check(several)).annotateKey({
    description: 'Events of any of these job types.',
  }),
  event: Schema.optionalKey(Schema.Array(Schema.Literals(jobEventNames)).check(several)).annotateKey({
    description: 'Events with any of these names.',
  }),
  after: Schema.optionalKey(Sequence).annotateKey({
    description: 'Begin after the event with this sequence; 0 is the beginning of the log. Without it: now.',
  }),
});

export interface FeedPlan {
  readonly filter: FeedFilter;
  /** The sequence after which the feed begins; undefined for live events only. */
  readonly after: number | undefined;
}

const decode = Schema.decodeUnknownResult(FeedQuery, { errors: 'all', onExcessProperty: 'error' });
const decodeSequence = Schema.decodeUnknownResult(Sequence);

/**
 * Decodes a request for a feed. `Last-Event-ID` takes precedence over `after`, which a reconnecting browser repeats.
 */
export function decodeFeedPlan(req: Request, caller: Caller): FeedPlan {
  const result = decode(withLists(req.query, { separated: ['type', 'event'] }));
  if (result._tag === 'Failure') {
    const errors = schemaErrors(result.failure.issue).map(({ path, detail }) => ({
      parameter: String(path[0]),
      detail,
    }));
    throw new Problem('invalid-parameter', { errors });
  }
  const { type = [], event = [], after } = result.success;
  return { filter: feedFilter(type, event, caller), after: lastEventId(req) ?? after };
}

/** Returns the sequence in `Last-Event-ID`, if any. */
export function lastEventId(req: Request): number | undefined {
  const given = req.headers['last-event-id'];
  if (given === undefined || given === '') return undefined;
  const result = decodeSequence(given);
  if (result._tag === 'Success') return result.success;
  throw unknownPosition('must be the id of an event');
}

/** The problem of a `Last-Event-ID` that is no valid position. */
export function unknownPosition(detail: string): Problem {
  return new Problem('invalid-header', { detail, errors: [{ header: 'Last-Event-ID', detail }] });
}
