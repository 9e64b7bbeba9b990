import { storableText } from '../postgres/storableValues.ts';

/** How values are compared: numbers as numbers, if both sides are, else as texts by code points; `^=` is "begins with". */
export const searchOperators = ['=', '>=', '<=', '^='] as const;
export type SearchOperator = (typeof searchOperators)[number];

/** A condition on the value at a named path of a job's payload or result. */
export interface JobSearch {
  readonly path: string;
  readonly operator: SearchOperator;
  readonly value: string;
}

type Bind = (value: unknown) => string;

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?$/i;
const IS_NUMBER = String.raw`'^-?\d+(\.\d+)?(e[+-]?\d{1,3})?$'`;

/** Whether an index has the jobs of a condition in order. */
export function isEquality({ operator }: JobSearch): boolean {
  return operator === '=';
}

/** The condition for rows of `job_search` under this alias. */
export function searchCondition(alias: string, { path, operator, value }: JobSearch, bind: Bind): string {
  return `${alias}.path = ${bind(path)} AND ${comparison(`${alias}.value`, { operator, value: storableText(value) }, bind)}`;
}

function comparison(column: string, { operator, value }: Omit<JobSearch, 'path'>, bind: Bind): string {
  if (operator === '=') return `${column} = ${bind(value)}`;
  if (operator === '^=') return `starts_with(${column}, ${bind(value)})`;
  // Postgres evaluates a CASE in order: what is no number is never cast.
  if (NUMBER.test(value)) {
    return `CASE WHEN ${column} ~* ${IS_NUMBER} THEN ${column}::numeric ${operator} ${bind(value)}::numeric ELSE false END`;
  }
  return `${column} ${operator} ${bind(value)}`;
}
