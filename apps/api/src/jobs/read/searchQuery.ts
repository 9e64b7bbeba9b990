import type { JobFilter, JobSearch, SearchOperator, SearchPaths } from '@jobstream/readmodel';
import { MAX_SEARCHED_CHARS } from '@jobstream/readmodel';
import { invalidRequest } from '../../http/parsing/decodeBody.ts';
import { invalidParameters } from '../../http/parsing/decodeQuery.ts';
import type { ApiDeps } from '../../apiDeps.ts';
import type { Problem } from '../../problems/problem.ts';

/** Where a request has its conditions. */
type Place = { readonly parameter: string } | { readonly pointer: string };

const CONDITION = /^((?:result:)?[\w.-]+)(=|>=|<=|\^=)(.+)$/s;

/**
 * Decodes conditions such as `customer=ACME` on the jobs of a type.
 *
 * @throws Problem `invalid-parameter` or, in a body, `invalid-request`, which says why they are refused.
 */
export async function decodeSearch(
  { search, type = [] }: { readonly search: readonly string[]; readonly type?: readonly string[] | undefined },
  { table, log }: Pick<ApiDeps, 'table' | 'log'>,
  place: Place = { parameter: 'search' },
): Promise<Required<Pick<JobFilter, 'search'>>> {
  const refused = (detail: string) => refusal(place, detail);
  if (log.contents.isEncrypting)
    throw refused('is not possible here: payloads and results are encrypted (PAYLOAD_KEYS)');
  const conditions = search.map((text) => readCondition(text, refused));
  const [only, ...others] = type;
  if (only === undefined || others.length > 0) throw refused('must be given together with one type');
  const fault = unnamed(conditions, only, await table.readSearchPaths());
  if (fault !== undefined) throw refused(fault);
  return { search: conditions };
}

function readCondition(text: string, refused: (detail: string) => Problem): JobSearch {
  const [, path, operator, value] = CONDITION.exec(text) ?? [];
  if (path === undefined || operator === undefined || value === undefined) {
    throw refused('must be a path, one of = >= <= ^= and a value, such as customer=ACME');
  }
  if (value.length > MAX_SEARCHED_CHARS) throw refused(`must have a value of at most ${MAX_SEARCHED_CHARS} characters`);
  return { path, operator: operator as SearchOperator, value };
}

/** The path of a condition without its value, which may be that of a payload; empty for what is no condition. */
export function pathOfCondition(text: string): string {
  return CONDITION.exec(text)?.[1] ?? '';
}

function unnamed(conditions: readonly JobSearch[], type: string, paths: SearchPaths): string | undefined {
  const named = paths.get(type) ?? [];
  if (conditions.every(({ path }) => named.includes(path))) return undefined;
  const which = named.length === 0 ? 'no paths' : named.join(', ');
  return `must have a path that SEARCH_PATHS names for ${type}: ${which}`;
}

function refusal(place: Place, detail: string): Problem {
  return 'pointer' in place ? invalidRequest([{ ...place, detail }]) : invalidParameters([{ ...place, detail }]);
}
