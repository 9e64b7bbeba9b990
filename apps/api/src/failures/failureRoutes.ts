import { type Job, JobId, JobType, Timestamp } from '@jobstream/domain';
import { type FailureGroup, normalMessage } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import type { Request, RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import { requireScope } from '../auth/requireScope.ts';
import { DEFAULT_LIMIT, Limit, queryDecoder, repeatable, withLists } from '../http/parsing/decodeQuery.ts';
import { type BodyOf, sendJson } from '../http/sendJson.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { ofTable, positionParameter } from '../http/tablePosition.ts';
import { tableResponse, type EndpointDocs } from '../routes/endpointDocs.ts';
import type { Route } from '../routes/route.ts';
import { getSharedTraits, getSharedTraitsDocs } from './getSharedTraits.ts';
import { lastPeriod, Window, windowMs } from '../stats/statsQuery.ts';

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));

/** Jobs that failed alike. */
const FailureGroupView = Schema.Struct({
  id: Schema.String.annotateKey({
    description: 'Words of the type and the error, and a digest, which alone names the group as well.',
  }),
  type: JobType,
  name: Schema.String,
  code: Schema.optionalKey(Schema.String),
  message: Schema.String.annotateKey({
    description: 'Without numbers, ids, hexadecimal digits and quoted texts; of encrypted ones, that of the last job.',
  }),
  count: Count,
  firstAt: Timestamp,
  lastAt: Timestamp,
  lastJob: JobId,
  series: Schema.Array(Schema.Struct({ at: Timestamp, count: Count })).annotateKey({
    description: 'One entry per minute, hour or day; empty ones are left out.',
  }),
  jobs: Schema.String.annotateKey({ description: 'The address of the list of these jobs.' }),
}).annotate({ identifier: 'FailureGroup' });

/** The response of `GET /api/failures`. */
const FailuresView = Schema.Struct({
  from: Timestamp,
  to: Timestamp.annotateKey({ description: 'Now. What has failed by a clock that is ahead is in it as well.' }),
  resolution: Schema.Literals(['minute', 'hour', 'day']),
  total: Count.annotateKey({ description: 'The failed jobs of the window, also those of groups that are left out.' }),
  totalExact: Schema.Boolean.annotateKey({ description: 'False if there are more: the newest 100,000 are grouped.' }),
  ungrouped: Count.annotateKey({
    description: 'Jobs that failed before groups were introduced: a rebuild of the table groups them.',
  }),
  items: Schema.Array(FailureGroupView).annotateKey({ description: 'The largest groups, largest first.' }),
}).annotate({ identifier: 'Failures' });

/** The query of `GET /api/failures`. */
const FailuresQuery = Schema.Struct({
  window: Schema.optionalKey(Window).annotateKey({ description: 'The last period; default `24h`.' }),
  type: Schema.optionalKey(repeatable(JobType)).annotateKey({ description: 'Jobs of any of these types.' }),
  limit: Schema.optionalKey(Limit).annotateKey({ description: 'The number of groups.' }),
  ...positionParameter,
});

const decode = queryDecoder(FailuresQuery);

const listFailuresDocs: EndpointDocs = {
  id: 'listFailures',
  tag: 'jobs',
  summary: 'Group the failed jobs',
  description:
    'The jobs that are `failed` now and failed in the window, grouped by type, name and code of the error, and its message without what varies. Jobs that were retried since are left out.',
  query: FailuresQuery,
  responses: { 200: tableResponse('The groups.', FailuresView) },
  problems: ['query-too-expensive', 'table-unavailable', 'deadline-exceeded'],
};

/** The routes below `/api/failures`. */
export function failureRoutes(deps: ApiDeps): readonly Route[] {
  const reading = (handler: RequestHandler) => [
    requireScope('jobs:read'),
    withinDeadline(ofTable(deps.tablePosition, handler)),
  ];
  return [
    { path: '/api/failures', get: { docs: listFailuresDocs, handlers: reading(listFailures(deps)) } },
    {
      path: '/api/failures/shared',
      get: { docs: getSharedTraitsDocs, handlers: reading(getSharedTraits(deps)) },
    },
  ];
}

function listFailures({ table, log }: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { tenant } = callerOf(res);
    const { from, to, resolution, ...selected } = planOf(req, log.clock.now());
    const { groups, total, isComplete, ungrouped } = await table.readFailures({
      ...selected,
      from,
      resolution,
      tenant,
    });
    const lastJobs = await log.contents.openJobs(groups.map(({ lastJob }) => lastJob));
    const items = groups.map((group, index) => groupView(group, lastJobs[index] ?? group.lastJob, from));
    res.setHeader('Cache-Control', 'private, no-cache');
    const body: BodyOf<typeof FailuresView> = { from, to, resolution, total, totalExact: isComplete, ungrouped, items };
    sendJson(res, 200, body);
  };
}

function planOf({ query }: Request, now: number) {
  const { window = '24h', type, limit = DEFAULT_LIMIT } = decode(withLists(query, { separated: ['type'] }));
  return { type, limit, ...lastPeriod(window, now), resolution: resolutionOf(windowMs(window)) };
}

/** At most 168 entries a group, but for windows of months. */
function resolutionOf(ms: number): 'minute' | 'hour' | 'day' {
  const hours = ms / 3_600_000;
  return hours <= 2 ? 'minute' : hours <= 168 ? 'hour' : 'day';
}

function groupView({ lastJob, ...group }: FailureGroup, { error, type, id }: Job, from: string) {
  const { name, code, message } = error ?? lastJob.error;
  const query = new URLSearchParams({ failure: group.id, finishedAfter: from });
  const given = code === undefined ? { name } : { name, code };
  const jobs = `/api/jobs?${query.toString()}`;
  return { ...group, type, ...given, message: normalMessage(message), lastJob: id, jobs };
}
