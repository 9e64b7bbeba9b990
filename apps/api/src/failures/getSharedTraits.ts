import { Timestamp } from '@jobstream/domain';
import * as Schema from 'effect/Schema';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import { queryDecoder } from '../http/parsing/decodeQuery.ts';
import { type BodyOf, sendJson } from '../http/sendJson.ts';
import { positionParameter } from '../http/tablePosition.ts';
import { tableResponse, type EndpointDocs } from '../routes/endpointDocs.ts';
import { lastPeriod, Window } from '../stats/statsQuery.ts';
import { FailureId } from './failureId.ts';

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));

const TraitView = Schema.Struct({
  kind: Schema.Literals(['tag', 'workerVersion']).annotateKey({
    description: 'A tag, or the release of the program that made the last attempt.',
  }),
  value: Schema.String,
  count: Count.annotateKey({ description: 'How many of `jobs` have it.' }),
  elsewhere: Count.annotateKey({ description: 'How many of `others` have it.' }),
}).annotate({ identifier: 'SharedTrait' });

/** The response of `GET /api/failures/shared`. */
const SharedTraitsView = Schema.Struct({
  failure: FailureId,
  from: Timestamp,
  to: Timestamp.annotateKey({ description: 'Now. What has failed by a clock that is ahead is in it as well.' }),
  jobs: Count.annotateKey({
    description: 'How many jobs of the group were looked at: of those that failed in the window the newest 1,000.',
  }),
  others: Count.annotateKey({
    description:
      'With how many others of the type they were compared: of those that are completed, or have failed in another way, the newest 1,000.',
  }),
  traits: Schema.Array(TraitView).annotateKey({
    description:
      'What at least half of the jobs have, and the others less than half as often; the most telling first, at most 20. None of one job.',
  }),
}).annotate({ identifier: 'SharedTraits' });

/** The query of `GET /api/failures/shared`. */
const SharedTraitsQuery = Schema.Struct({
  failure: FailureId.annotateKey({ description: 'The `id` of the group.' }),
  window: Schema.optionalKey(Window).annotateKey({ description: 'The last period; default `24h`.' }),
  ...positionParameter,
});

const decode = queryDecoder(SharedTraitsQuery);

export const getSharedTraitsDocs: EndpointDocs = {
  id: 'getSharedTraits',
  tag: 'jobs',
  summary: 'Show what fails together',
  description:
    'The tags and worker versions that the jobs of a group of failures share, and other jobs of the type do not, with counts. A group without jobs in the window shares nothing.',
  query: SharedTraitsQuery,
  responses: { 200: tableResponse('What they share.', SharedTraitsView) },
  problems: ['query-too-expensive', 'table-unavailable', 'deadline-exceeded'],
};

/** `GET /api/failures/shared`: what the jobs of a group share, and others of the type do not. */
export function getSharedTraits({ table, log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { tenant } = callerOf(res);
    const { failure, window = '24h' } = decode(req.query);
    const period = lastPeriod(window, log.clock.now());
    const shared = await table.readSharedTraits({ failure, tenant, from: period.from });
    res.setHeader('Cache-Control', 'private, no-cache');
    const body: BodyOf<typeof SharedTraitsView> = { failure, ...period, ...shared };
    sendJson(res, 200, body);
  };
}
