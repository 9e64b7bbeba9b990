import { firstRow, type SqlTransaction } from './sqlTransaction.ts';

const BEGIN = 'SELECT is_first, result::text FROM jobstream.begin_once($1::text)';
// Prisma cannot read a column of the type void.
const FINISH = 'SELECT jobstream.finish_once($1::text, $2::text::jsonb)::text';

export interface OnceOptions {
  /** What is done once, for a job that does several things. */
  readonly step?: string;
}

/**
 * Does `work` once for a job, however often its handler runs, and returns what it returned the first time. A note of it is
 * written in the same transaction as what `work` writes: either both are committed or neither is.
 *
 * Use it in a handler whose effects are in the application's own Postgres. A handler may run more than once; a run that comes
 * second waits for the first, and does nothing if that has committed.
 *
 * @param transaction in which `work` writes, of pg, postgres.js, drizzle, kysely, Prisma or TypeORM.
 * @param context of the handler, which knows the job.
 * @param work returns JSON, or nothing.
 * @example
 * await db.transaction((tx) => once(tx, context, () => pay(tx, payload)));
 */
export async function once<Result>(
  transaction: SqlTransaction,
  { job }: { readonly job: { readonly id: string } },
  work: () => Promise<Result>,
  { step = '' }: OnceOptions = {},
): Promise<Result> {
  const key = step === '' ? job.id : `${job.id}/${step}`;
  const done = await firstRow(transaction, BEGIN, [key]);
  if (done?.['is_first'] !== true) return resultOf(done?.['result']) as Result;
  const result = await work();
  const json = JSON.stringify(result) ?? null;
  await firstRow(transaction, FINISH, [key, json]);
  return resultOf(json) as Result;
}

/** Also of the first run, so that a handler sees the same in all of them. */
function resultOf(json: unknown): unknown {
  return typeof json === 'string' ? JSON.parse(json) : undefined;
}
