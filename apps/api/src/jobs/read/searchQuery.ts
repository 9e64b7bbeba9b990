import type { JobFilter, JobSearch, SearchOperator, SearchPaths } from '@jobstream/readmodel';
import { MAX_SEARCHED_CHARS } from '@jobstream/readmodel';
import { invalidParameters } from '../../http/decodeQuery.ts';
import type { ApiDeps } from '../../apiDeps.ts';

const CONDITION = /^((?:result:)?[\w.-]+)(=|>=|<=|\^=)(.+)$/s;

/**
 * Decodes conditions such as `customer=ACME` on the jobs of a type.
 *
 * @throws Problem `invalid-parameter`, which says why they are refused.
 */
export async function decodeSearch(
  { search, type = [] }: { readonly search: readonly string[]; readonly type?: readonly string[] | undefined },
  { table, log }: Pick<ApiDeps, 'table' | 'log'>,
): Promise<Required<Pick<JobFilter, 'search'>>> {
  if (log.contents.isEncrypting)
    throw refused('is not possible here: payloads and results are encrypted (PAYLOAD_KEYS)');
  const conditions = search.map(readCondition);
  const [only, ...others] = type;
  if (only === undefined || others.length > 0) throw refused('must be given together with one type');
  assertNamed(conditions, only, await table.readSearchPaths());
  return { search: conditions };
}

function readCondition(text: string): JobSearch {
  const [, path, operator, value] = CONDITION.exec(text) ?? [];
  if (path === undefined || operator === undefined || value === undefined) {
    throw refused('must be a path, one of = >= <= ^= and a value, such as customer=ACME');
  }
  if (value.length > MAX_SEARCHED_CHARS) throw refused(`must have a value of at most ${MAX_SEARCHED_CHARS} characters`);
  return { path, operator: operator as SearchOperator, value };
}

function assertNamed(conditions: readonly JobSearch[], type: string, paths: SearchPaths): void {
  const named = paths.get(type) ?? [];
  if (conditions.every(({ path }) => named.includes(path))) return;
  const which = named.length === 0 ? 'no paths' : named.join(', ');
  throw refused(`must have a path that SEARCH_PATHS names for ${type}: ${which}`);
}

function refused(detail: string) {
  return invalidParameters([{ parameter: 'search', detail }]);
}
