import { DatabaseError } from 'pg';
import { QueryTooExpensiveError } from '../errors.ts';

const CANCELED = '57014';

/** Awaits a query whose cost depends on the request. @throws QueryTooExpensiveError when it reaches the time limit. */
export async function unlessTooExpensive<Result>(query: Promise<Result>): Promise<Result> {
  try {
    return await query;
  } catch (error) {
    if (error instanceof DatabaseError && error.code === CANCELED) throw new QueryTooExpensiveError({ cause: error });
    throw error;
  }
}
