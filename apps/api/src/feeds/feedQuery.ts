import { jobEventNames, JobType } from '@jobstream/domain';
import type { Request } from 'express';
import { Schema, SchemaTransformation } from 'effect';
import { Problem } from '../problems/problem.ts';
import { schemaErrors } from '../http/schemaErrors.ts';
import { feedFilter, type FeedFilter } from './feedFilter.ts';

const several = Schema.isBetweenLength(1, 50);

const Sequence = Schema.String.check(
  Schema.isPattern(/^\d{1,15}$/u, {
    expected: 'a sequence: a whole number from 0 on',
    jsonSchema: { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 },
  }),
).pipe(Schema.decodeTo(Schema.Int, SchemaTransformation.transform({ decode: Number, encode: String })));

/** The query of `GET /api/events`, with its lists taken apart. */
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
  /** The sequence after which to begin; undefined for what comes from now on. */
  readonly after: number | undefined;
}

const decode = Schema.decodeUnknownResult(FeedQuery, { errors: 'all', onExcessProperty: 'error' });
const decodeSequence = Schema.decodeUnknownResult(Sequence);

/** What a request asks for; a `Last-Event-ID` goes before `after`, which a browser repeats when it comes back. */
export function decodeFeedPlan(req: Request, tenant?: string): FeedPlan {
  const result = decode(listsApart(req.query));
  if (result._tag === 'Failure') {
    const errors = schemaErrors(result.failure.issue).map(({ path, detail }) => ({
      parameter: String(path[0]),
      detail,
    }));
    throw new Problem('invalid-parameter', { errors });
  }
  const { type = [], event = [], after } = result.success;
  return { filter: feedFilter(type, event, tenant), after: lastEventId(req) ?? after };
}

/** Several values of a parameter are separated by commas or given one by one. */
function listsApart(query: Request['query']): object {
  const lists = ['type', 'event'].filter((name) => query[name] !== undefined);
  return { ...query, ...Object.fromEntries(lists.map((name) => [name, listOf(query[name])])) };
}

function listOf(given: unknown): string[] {
  return [given].flat().flatMap((text) => String(text).split(','));
}

/** The sequence in `Last-Event-ID`, if the request has one. */
export function lastEventId(req: Request): number | undefined {
  const given = req.headers['last-event-id'];
  if (given === undefined || given === '') return undefined;
  const result = decodeSequence(given);
  if (result._tag === 'Success') return result.success;
  throw unknownPosition('must be the id of an event');
}

/** What is answered to who wants to go on after an event that cannot be. */
export function unknownPosition(detail: string): Problem {
  return new Problem('invalid-header', { detail, errors: [{ header: 'Last-Event-ID', detail }] });
}
