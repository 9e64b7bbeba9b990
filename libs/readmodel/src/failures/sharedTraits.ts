import type { Pool } from 'pg';
import { unlessTooExpensive } from '../jobs/unlessTooExpensive.ts';
import { groupDigest } from '../jobs/failureGroup.ts';
import { originalText } from '../postgres/storableValues.ts';

/** So many of the newest jobs of the group, and of the others, are looked at. */
const MOST_JOBS = 1_000;
/** More are not told. */
const MOST_TRAITS = 20;

/** Selects a group of failures by its name or digest, and of its jobs those that have failed since a time. */
export interface SharedTraitsQuery {
  readonly failure: string;
  readonly tenant?: string | undefined;
  /** RFC 3339, inclusive. */
  readonly from: string;
}

/** A tag, or the release of the program that ran the last attempt. */
export interface Trait {
  readonly kind: 'tag' | 'workerVersion';
  readonly value: string;
  /** How many jobs of the group have it. */
  readonly count: number;
  /** How many of the others have it. */
  readonly elsewhere: number;
}

/** What the jobs of a group of failures share. */
export interface SharedTraits {
  /** How many jobs of the group were looked at. */
  readonly jobs: number;
  /** With how many others of the type they were compared: such as have completed, or failed in another way. */
  readonly others: number;
  /** The most telling first. */
  readonly traits: readonly Trait[];
}

/** Jobs that have not ended say nothing about what goes well. Not a named statement, as that of `readFailures`. */
const READ = `WITH failed AS MATERIALIZED (
      SELECT type, tags, worker_version FROM jobs WHERE status = 'failed' AND failure = $1 AND finished_at >= $2
        AND ($3::text IS NULL OR tenant = $3) ORDER BY finished_at DESC, id DESC LIMIT ${MOST_JOBS}),
    others AS MATERIALIZED (
      SELECT tags, worker_version FROM jobs WHERE type = (SELECT type FROM failed LIMIT 1)
        AND (status = 'completed' OR (status = 'failed' AND failure IS DISTINCT FROM $1))
        AND ($3::text IS NULL OR tenant = $3) ORDER BY created_at DESC, id DESC LIMIT ${MOST_JOBS}),
    of_jobs AS (
      SELECT true AS has_failed, tags, worker_version FROM failed UNION ALL SELECT false, tags, worker_version FROM others),
    traits AS (
      SELECT has_failed, kind, value FROM of_jobs CROSS JOIN LATERAL (
        SELECT DISTINCT 'tag' AS kind, unnest(tags) AS value UNION ALL
        SELECT 'workerVersion', worker_version WHERE worker_version IS NOT NULL) AS trait),
    numbers AS (SELECT (SELECT count(*) FROM failed)::int AS jobs, (SELECT count(*) FROM others)::int AS others),
    counts AS (
      SELECT kind, value, count(*) FILTER (WHERE has_failed)::int AS count, count(*) FILTER (WHERE NOT has_failed)::int AS elsewhere
        FROM traits GROUP BY kind, value)
    SELECT jobs, others, kind, value, count, elsewhere FROM numbers LEFT JOIN counts ON 2 * count >= jobs`;

interface Row extends Trait {
  readonly jobs: number;
  readonly others: number;
}

/** What else a row has is null in the only one, if there is no trait. */
type NumbersAlone = Pick<Row, 'jobs' | 'others'> & { readonly kind: null };

/**
 * Compares the newest 1,000 jobs of a group of failures with the newest 1,000 others of its type.
 *
 * @throws QueryTooExpensiveError.
 */
export async function readSharedTraits(pool: Pool, query: SharedTraitsQuery): Promise<SharedTraits> {
  const { failure, from, tenant = null } = query;
  const { rows } = await unlessTooExpensive(pool.query<Row | NumbersAlone>(READ, [groupDigest(failure), from, tenant]));
  const { jobs = 0, others = 0 } = rows[0] ?? {};
  const traits = rows.flatMap((row) => (row.kind === null ? [] : traitOf(row)));
  return { jobs, others, traits: tellingTraits(traits, { jobs, others }) };
}

function traitOf({ kind, value, count, elsewhere }: Row): Trait {
  return { kind, value: originalText(value), count, elsewhere };
}

/**
 * Returns the traits that at least half of the jobs have, and the others less than half as often; what is there most and elsewhere least
 * comes first. One job alone shares nothing.
 */
export function tellingTraits(
  traits: readonly Trait[],
  { jobs, others }: Pick<SharedTraits, 'jobs' | 'others'>,
): readonly Trait[] {
  const lift = ({ count, elsewhere }: Trait) => shareOf(count, jobs) - shareOf(elsewhere, others);
  return traits
    .filter(({ count }) => jobs > 1 && 2 * count >= jobs)
    .filter(({ count, elsewhere }) => 2 * shareOf(elsewhere, others) < shareOf(count, jobs))
    .toSorted((one, other) => lift(other) - lift(one) || (one.value < other.value ? -1 : 1))
    .slice(0, MOST_TRAITS);
}

function shareOf(count: number, all: number): number {
  return all === 0 ? 0 : count / all;
}
