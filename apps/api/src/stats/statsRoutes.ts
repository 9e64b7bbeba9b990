import { Timestamp } from '@jobstream/domain';
import type { Backlog, TypeBacklog } from '@jobstream/eventlog';
import type { JobCount } from '@jobstream/readmodel';
import { cachedFor } from '@jobstream/runtime';
import * as Schema from 'effect/Schema';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { callerOf } from '../auth/caller.ts';
import { requireScope } from '../auth/requireScope.ts';
import { type BodyOf, sendJson } from '../http/sendJson.ts';
import { unlessUnavailable } from '../http/unlessUnavailable.ts';
import { withinDeadline } from '../http/withinDeadline.ts';
import { type AsOf, AsOfView, readPast } from '../past/asOf.ts';
import { ofTable } from '../http/tablePosition.ts';
import { tableResponse, type EndpointDocs } from '../routes/endpointDocs.ts';
import type { Route } from '../routes/route.ts';
import { activityOf, ActivityView } from './activityOf.ts';
import { decodeStatsQuery, StatsQuery, type StatsSpan } from './statsQuery.ts';

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));
const byName = <const Value extends Schema.Top>(value: Value) => Schema.Record(Schema.String, value);

/** The number of jobs in the table. */
const JobCounts = Schema.Struct({
  total: Count,
  byStatus: byName(Count),
  byType: byName(byName(Count)),
});

/** The backlog of one job type in the log. */
const TypeWaiting = Schema.Struct({
  waiting: Count.annotateKey({ description: 'Jobs that are ready to run.' }),
  inFlight: Count.annotateKey({ description: 'Jobs that workers hold.' }),
  workers: Count.annotateKey({ description: 'Living workers that have announced the type.' }),
  oldestAt: Schema.optionalKey(Timestamp).annotateKey({ description: 'When the oldest of them became ready.' }),
  oldestAgeMs: Schema.optionalKey(Schema.Finite),
});

/** How far the table lags behind the log. */
const ProjectorLag = Schema.Struct({
  lastSequence: Count,
  updatedAt: Schema.NullOr(Timestamp),
  lagEvents: Schema.NullOr(Count),
  lagMs: Schema.NullOr(Schema.Finite),
});

/** The response of `GET /api/stats`. */
const StatsView = Schema.Struct({
  jobs: JobCounts,
  activity: Schema.optionalKey(ActivityView).annotateKey({ description: 'With `window` or `from`.' }),
  backlog: Schema.optionalKey(Schema.NullOr(byName(TypeWaiting))).annotateKey({
    description: 'By type; `null` while the log is unavailable. Not for callers with a tenant.',
  }),
  projector: Schema.optionalKey(Schema.NullOr(ProjectorLag)).annotateKey({
    description: 'Not for callers with a tenant.',
  }),
  pastFrom: Schema.optionalKey(Schema.NullOr(Timestamp)).annotateKey({
    description: 'How far back `asOf` reaches; `null` where past states are not kept, or not yet. Not with `asOf`.',
  }),
  asOf: Schema.optionalKey(AsOfView).annotateKey({
    description: 'With `asOf`: the moment of the numbers, which are all that the answer has.',
  }),
}).annotate({ identifier: 'Stats' });

const getStatsDocs: EndpointDocs = {
  id: 'getStats',
  tag: 'jobs',
  summary: 'Get statistics',
  description:
    'The number of jobs by type and status, the backlog, and the lag of the projector; figures of the log are at most ' +
    'a second old. With `window` or `from` also the activity in that time, with durations accurate to 5 %: by minute ' +
    'up to 2 hours, by hour up to 7 days, else by day; minutes are kept for 47 hours, hours for 61 days. With `asOf` ' +
    'the numbers of jobs at a past moment alone. With `type` all of it, but for the lag, is of one job type.',
  query: StatsQuery,
  responses: { 200: tableResponse('The statistics.', StatsView) },
  problems: [
    'invalid-parameter',
    'query-too-expensive',
    'table-unavailable',
    'log-unavailable',
    'past-not-reached',
    'deadline-exceeded',
  ],
};

/** Reading the log takes a few requests per type; dashboards poll every second. */
const CACHE_MS = 1_000;

/** Routes under `/api/stats`. */
export function statsRoutes(deps: ApiDeps): readonly Route[] {
  const handlers = [requireScope('jobs:read'), withinDeadline(ofTable(deps.tablePosition, getStats(deps)))];
  return [{ path: '/api/stats', get: { docs: getStatsDocs, handlers } }];
}

/**
 * `GET /api/stats`: jobs by type and status, the backlog, and the lag of the projector; or the jobs as of a time.
 *
 * A caller with a tenant gets only the jobs of the tenant.
 */
function getStats(deps: ApiDeps): RequestHandler {
  const present = presentStats(deps);
  return async (req, res) => {
    const { tenant } = callerOf(res);
    const { asOf, span, type } = decodeStatsQuery(req.query, deps.log.clock.now());
    const of = { tenant, type };
    const body = await (asOf === undefined ? present(of, span) : statsAsOf(asOf, of, deps));
    res.setHeader('Cache-Control', 'private, no-cache');
    sendJson(res, 200, body);
  };
}

type StatsBody = BodyOf<typeof StatsView>;

/** Whose jobs the numbers are of, and of which type; undefined for all. */
interface OfJobs {
  readonly tenant: string | undefined;
  readonly type: string | undefined;
}

async function statsAsOf(asOf: AsOf, { tenant, type }: OfJobs, deps: ApiDeps): Promise<StatsBody> {
  const count = (sequence: number) => deps.table.countPastJobs(sequence, tenant);
  const answer = await readPast(asOf, deps, count);
  return { jobs: summary(ofType(type, answer.result)), asOf: answer.asOf };
}

function ofType<Row extends { readonly type: string }>(type: string | undefined, rows: readonly Row[]): readonly Row[] {
  return type === undefined ? rows : rows.filter((row) => row.type === type);
}

function presentStats({ log, table, announced, limits }: ApiDeps) {
  const backlog = cachedFor(CACHE_MS, () => unlessUnavailable(log.stats.backlog(), limits.partMs));
  const projector = cachedFor(CACHE_MS, () => projectorOf({ log, table, limits }));
  const past = cachedFor(CACHE_MS, () => unlessUnavailable(table.readPastCheckpoint(), limits.partMs));
  return async (of: OfJobs, span: StatsSpan | undefined): Promise<StatsBody> => {
    const shared = of.tenant === undefined ? Promise.all([backlog(), projector()]) : undefined;
    const counted = Promise.all([table.countJobs(of.tenant), activityIn(table, span, of)]);
    const [[all, activity], [waiting, projected] = [], reach] = await Promise.all([counted, shared, past()]);
    const counts = ofType(of.type, all);
    return {
      jobs: summary(counts),
      activity,
      backlog: waiting && backlogView(typesOf(waiting, of.type), counts, { announced, log }),
      projector: projected,
      pastFrom: reach?.earliestAt ?? null,
    };
  };
}

function typesOf({ types }: Backlog, type: string | undefined): readonly TypeBacklog[] {
  return type === undefined ? types : types.filter(({ jobType }) => jobType === type);
}

async function activityIn(table: ApiDeps['table'], span: StatsSpan | undefined, of: OfJobs) {
  return span && activityOf(span, await table.readStatistics({ ...span, ...of }));
}

function summary(counts: readonly JobCount[]): typeof JobCounts.Type {
  const byStatus: Record<string, number> = {};
  // A type may have the name of an inherited property, such as constructor.
  const byType = new Map<string, Record<string, number>>();
  let total = 0;
  for (const { type, status, count } of counts) {
    total += count;
    byStatus[status] = (byStatus[status] ?? 0) + count;
    byType.set(type, { ...byType.get(type), [status]: count });
  }
  return { total, byStatus, byType: Object.fromEntries(byType) };
}

/** The types with consumers in the log, and those that only have pending jobs in the table since no worker runs them. */
function backlogView(
  types: readonly TypeBacklog[],
  counts: readonly JobCount[],
  { announced, log }: Pick<ApiDeps, 'announced' | 'log'>,
): Readonly<Record<string, typeof TypeWaiting.Type>> {
  const now = log.clock.now();
  const views = new Map<string, typeof TypeWaiting.Type>();
  for (const { type, status, count } of counts) {
    if (status === 'pending') views.set(type, { waiting: count, inFlight: 0, workers: liveWorkers(announced, type) });
  }
  for (const one of types) views.set(one.jobType, waitingView(one, liveWorkers(announced, one.jobType), now));
  return Object.fromEntries([...views].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

function liveWorkers(announced: ApiDeps['announced'], type: string): number {
  return announced.type(type)?.announcements.filter(({ live }) => live).length ?? 0;
}

function waitingView(
  { backlog, inFlight, oldestAt }: TypeBacklog,
  workers: number,
  now: number,
): typeof TypeWaiting.Type {
  const oldest = oldestAt === undefined ? {} : { oldestAt, oldestAgeMs: ageMs(oldestAt, now) };
  return { waiting: backlog, inFlight, workers, ...oldest };
}

async function projectorOf({
  log: { stats, clock },
  table,
  limits,
}: Pick<ApiDeps, 'log' | 'table' | 'limits'>): Promise<typeof ProjectorLag.Type> {
  const checkpoint = await table.readCheckpoint();
  const lastSequence = checkpoint?.lastSequence ?? 0;
  const lag = await unlessUnavailable(stats.lag(lastSequence), limits.partMs);
  const lagMs = lag && (lag.oldestAt === undefined ? 0 : ageMs(lag.oldestAt, clock.now()));
  return { lastSequence, updatedAt: checkpoint?.updatedAt ?? null, lagEvents: lag?.events ?? null, lagMs };
}

function ageMs(at: string, now: number): number {
  return Math.max(0, now - Date.parse(at));
}
