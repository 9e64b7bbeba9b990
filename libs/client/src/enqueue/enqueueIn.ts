import { checkPayload, type JobDefinition, type PayloadInput } from './defineJob.ts';
import type { EnqueueOptions } from './enqueue.ts';
import { firstRow, type SqlTransaction } from './sqlTransaction.ts';

const ENQUEUE = 'SELECT jobstream.enqueue($1::text, $2::text::jsonb, $3::text::jsonb)::text AS id';

/**
 * Enqueues a job when a transaction of the application's own Postgres commits, and never when it is rolled back. The outbox
 * must be installed in that database, and a relay must run: see docs/outbox.md.
 *
 * @param transaction of pg, postgres.js, drizzle, kysely, Prisma or TypeORM.
 * @param options as of `JobstreamClient.enqueue`; `delayMs` counts from when the job is relayed.
 * @returns the id of the job.
 * @throws PayloadError before anything is run; an error of the database (SQLSTATE 22023) that names an option which is refused.
 * @example
 * await db.transaction(async (tx) => {
 *   const [order] = await tx.insert(orders).values({ customer }).returning();
 *   await enqueueIn(tx, confirmation, { orderId: order.id });
 * });
 */
export async function enqueueIn<Definition extends JobDefinition>(
  transaction: SqlTransaction,
  definition: Definition,
  payload: PayloadInput<Definition>,
  options: Omit<EnqueueOptions, 'signal'> = {},
): Promise<string> {
  await checkPayload(definition, payload);
  const chosen = JSON.stringify({ ...definition.defaults, ...options });
  const row = await firstRow(transaction, ENQUEUE, [definition.type, JSON.stringify(payload) ?? null, chosen]);
  return String(row?.['id']);
}
