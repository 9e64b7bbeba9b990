import type { Job } from '@jobstream/domain';
import type { JobCount } from '@jobstream/readmodel';
import type { ApiDeps } from '../../apiDeps.ts';
import { DEFAULT_LIMIT, invalidParameters } from '../../http/parsing/decodeQuery.ts';
import { type AsOfView, parseAsOf, readPast } from '../../past/asOf.ts';
import { jobsAsOf } from './jobAsOf.ts';
import type { ListQuery } from './listQuery.ts';

/** A list of the past can be asked for with these parameters. */
const ALLOWED: ReadonlySet<string> = new Set(['asOf', 'type', 'status', 'tag', 'limit', 'cursor', 'count']);

/** A page of jobs as they were. */
export interface AsOfPage {
  readonly items: readonly Job[];
  /** Of how many more jobs of the page the state is not known any more. */
  readonly unknown: number;
  readonly nextCursor: string | null;
  readonly total?: number;
  readonly totalExact?: boolean;
  readonly asOf: typeof AsOfView.Type;
}

/** A query with `asOf`. */
export type AsOfListQuery = ListQuery & { readonly asOf: string };

/**
 * Lists the jobs that there were then, each as the log has it.
 *
 * @throws Problem as `readPast`; InvalidCursorError.
 */
export async function listJobsAsOf(query: AsOfListQuery, tenant: string | undefined, deps: ApiDeps): Promise<AsOfPage> {
  assertCombinable(query);
  const { count = false, limit = DEFAULT_LIMIT, type, status, tag, cursor } = query;
  const asOf = parseAsOf(query.asOf);
  const { table } = deps;
  const read = (sequence: number) =>
    Promise.all([
      table.listPastJobs({ sequence, tenant, type, status, tag, limit, cursor }),
      count ? table.countPastJobs(sequence, tenant) : undefined,
    ]);
  const { result, asOf: view } = await readPast(asOf, deps, read);
  const [{ items, nextCursor }, counts] = result;
  const ids = items.map(({ id }) => id);
  const { jobs, unknown } = await jobsAsOf(ids, { asOf, sequence: view.sequence }, deps);
  return { items: jobs, unknown, nextCursor, ...(counts && totalOf(counts, query)), asOf: view };
}

function assertCombinable(query: AsOfListQuery): void {
  const others = Object.keys(query).filter((name) => !ALLOWED.has(name));
  const detail = 'cannot be combined with asOf: past jobs are listed by type, status and tag, newest first';
  if (others.length > 0) throw invalidParameters(others.map((parameter) => ({ parameter, detail })));
  if (query.count === true && query.tag !== undefined) {
    const counted = 'cannot be combined with asOf and tag: past jobs are counted by type and status';
    throw invalidParameters([{ parameter: 'count', detail: counted }]);
  }
}

function totalOf(counts: readonly JobCount[], { type, status }: AsOfListQuery): Pick<AsOfPage, 'total' | 'totalExact'> {
  const wanted = counts.filter(
    (one) => (type === undefined || type.includes(one.type)) && (status === undefined || status.includes(one.status)),
  );
  return { total: wanted.reduce((sum, { count }) => sum + count, 0), totalExact: true };
}
