import { cachedFor } from '@jobstream/runtime';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { sendJson } from '../http/sendJson.ts';
import { unlessUnavailable } from '../http/unlessUnavailable.ts';
import { type TypeParts, typeView } from './typeView.ts';

/** The ages of backlogs take several requests to the log for each type. */
const CACHE_MS = 1_000;
const MAX_ASKED = 100;

/**
 * `GET /api/types`: the types that a worker has announced or run, that have been paused, or that have jobs.
 *
 * The consumers of a type without a worker count its delayed jobs as well, since nothing has set their timers yet. The table
 * has the number of those that are due.
 */
export function listTypes({ log, announced, payloads, table, limits }: ApiDeps): RequestHandler {
  const waiting = cachedFor(CACHE_MS, () => waitingSince(log));
  const pending = cachedFor(CACHE_MS, () => unfinishedJobs({ table, limits }));
  return async (_req, res) => {
    const [infos, since, counts] = await Promise.all([log.jobTypes.list(), waiting(), pending()]);
    const parts = new Map<string, TypeParts>(counts);
    for (const type of announced.types()) put(parts, type.type, { announced: type });
    for (const info of infos) put(parts, info.jobType, { info, waitingSince: since.get(info.jobType) });
    await addOldest(parts, { table, limits });
    const items = [...parts.values()].toSorted(byType).map((one) => typeView(one, { announced, payloads }));
    res.setHeader('Cache-Control', 'private, no-cache');
    sendJson(res, 200, { items });
  };
}

type TableDeps = Pick<ApiDeps, 'table' | 'limits'>;

/** The log tells since when a type waits by its consumers, the table for types without. */
async function addOldest(parts: Map<string, TypeParts>, { table, limits }: TableDeps): Promise<void> {
  const alone = [...parts.values()].filter(({ info, pending = 0 }) => info === undefined && pending > 0);
  if (alone.length === 0) return;
  const types = alone.map(({ type }) => type).slice(0, MAX_ASKED);
  const oldest = await unlessUnavailable(table.oldestPending(types), limits.partMs);
  for (const type of types) put(parts, type, { waitingSince: oldest?.get(type) });
}

function put(parts: Map<string, TypeParts>, type: string, more: Omit<TypeParts, 'type'>): void {
  parts.set(type, { type, ...parts.get(type), ...more });
}

async function waitingSince({ stats }: Pick<ApiDeps['log'], 'stats'>): Promise<ReadonlyMap<string, string>> {
  const { types } = await stats.backlog();
  return new Map(types.flatMap(({ jobType, oldestAt }) => (oldestAt === undefined ? [] : [[jobType, oldestAt]])));
}

/** Without the table, the types that have nothing but jobs are left out. */
async function unfinishedJobs({ table, limits }: TableDeps): Promise<ReadonlyMap<string, TypeParts>> {
  const parts = new Map<string, TypeParts>();
  const counts = await unlessUnavailable(table.countJobs(), limits.partMs);
  for (const { type, status, count } of counts ?? []) {
    if (status === 'pending') parts.set(type, { type, pending: count });
    else if (status === 'scheduled' && !parts.has(type)) parts.set(type, { type, pending: 0 });
  }
  return parts;
}

function byType(left: TypeParts, right: TypeParts): number {
  return left.type < right.type ? -1 : 1;
}
